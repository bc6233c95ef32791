"""`failings export`: write findings in the format of another tool."""

from argparse import Namespace
from pathlib import Path

from pipeline.commands.common import Subparsers, add_filters, add_store, filter_of, open_store, warn
from pipeline.export import FORMATS


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("export", help="write findings as a file for other tools")
    parser.add_argument("--format", required=True, choices=sorted(FORMATS), help="the format to write")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="the file to write")
    parser.add_argument(
        "--with-text", action="store_true", help="also write the reports' texts: reports.jsonl beside OUT"
    )
    add_store(parser)
    add_filters(parser)
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Export, and say how much on stderr."""
    from pipeline.errors import UsageError
    from pipeline.export import writer_of
    from pipeline.export.jsonl import write_reports
    from pipeline.store.reader import read_findings

    beside = args.output.with_name("reports.jsonl")
    if args.with_text and beside == args.output:
        raise UsageError(f"--with-text writes {beside}: give the findings another name")
    engine = open_store(args)
    count = writer_of(args.format)(read_findings(engine, filter_of(args, engine)), args.output)
    warn(f"{count} findings in {args.output}")
    if args.with_text:
        warn(f"{write_reports(engine, beside)} reports in {beside}")
    return 0
