"""`failings export`: write findings in the format of another tool."""

from argparse import Namespace
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

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
    parser.add_argument(
        "--redact", action="store_true", help="mask the names of private persons; offsets are those of the masked text"
    )
    add_store(parser)
    add_filters(parser)
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Export, and say how much on stderr."""
    from pipeline.errors import UsageError
    from pipeline.export import writer_of
    from pipeline.export.jsonl import write_jsonl
    from pipeline.store.reader import read_findings
    from pipeline.store.reports import read_reports

    beside = args.output.with_name("reports.jsonl")
    if args.with_text and beside == args.output:
        raise UsageError(f"--with-text writes {beside}: give the findings another name")
    engine = open_store(args)
    records: Iterable[Mapping[str, Any]] = read_findings(engine, filter_of(args, engine))
    reports: Iterable[Mapping[str, Any]] = read_reports(engine)
    if args.redact:
        from pipeline.export.redacted import redacted_findings, redacted_report

        records = redacted_findings(records, lambda report_id: next(read_reports(engine, report_id=report_id)))
        reports = map(redacted_report, reports)
    count = writer_of(args.format)(records, args.output)
    warn(f"{count} findings in {args.output}")
    if args.with_text:
        warn(f"{write_jsonl(reports, beside)} reports in {beside}")
    return 0
