"""`failings show`: one report with its findings highlighted, in the terminal or in a copy of its PDF."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from pipeline.commands.common import Subparsers, add_store, open_store, warn


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("show", help="show a report with its findings highlighted")
    parser.add_argument(
        "report", metavar="REPORT_ID", help="a report's id, the beginning of one, or the file it was read from"
    )
    parser.add_argument(
        "--pdf", type=Path, metavar="OUT", help="write a copy of the report's PDF with highlights to OUT"
    )
    add_store(parser)
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Print the report, or write the copy of its PDF and say how much is highlighted on stderr."""
    from pipeline.store.reader import Filter, read_findings
    from pipeline.store.reports import find_report

    engine = open_store(args)
    report = find_report(engine, args.report)
    findings = list(read_findings(engine, Filter(report=report["report_id"])))
    if args.pdf:
        from pipeline.export.highlighted_pdf import write_highlighted_pdf

        count = write_highlighted_pdf(report, findings, args.pdf)
        warn(f"{count} of {len(findings)} findings highlighted in {args.pdf}")
    else:
        _print(report, findings)
    return 0


def _print(report: dict[str, Any], findings: list[dict[str, Any]]) -> None:
    from rich.console import Console

    from pipeline.show import highlighted

    console = Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())
    for part in highlighted(report, findings):
        console.print(part)
