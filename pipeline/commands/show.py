"""`failings show`: one report in the terminal with its findings highlighted."""

import sys
from argparse import Namespace

from pipeline.commands.common import Subparsers, add_store, open_store


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("show", help="show a report with its findings highlighted")
    parser.add_argument(
        "report", metavar="REPORT_ID", help="a report's id, the beginning of one, or the file it was read from"
    )
    add_store(parser)
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Print the report."""
    from rich.console import Console

    from pipeline.show import highlighted
    from pipeline.store.reader import Filter, find_report, read_findings

    engine = open_store(args)
    report = find_report(engine, args.report)
    console = Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())
    for part in highlighted(report, list(read_findings(engine, Filter(report=report["report_id"])))):
        console.print(part)
    return 0
