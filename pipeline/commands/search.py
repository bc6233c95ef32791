"""`failings search`: findings by words, category, agency or assertion."""

from argparse import Namespace
from itertools import islice

from pipeline.commands.common import (
    Subparsers,
    add_filters,
    add_report_filters,
    add_store,
    count,
    open_store,
    report_filter_of,
    say,
    warn,
)


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("search", help="list findings by words, category, agency or assertion")
    parser.add_argument(
        "words", nargs="*", metavar="WORDS", help='words that must all stand in the finding; "in quotes" for a phrase'
    )
    add_store(parser)
    add_filters(parser)
    add_report_filters(parser)
    parser.add_argument("--limit", type=count, default=0, metavar="N", help="show at most this many (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Print the findings."""
    from pipeline.export.jsonl import line_of
    from pipeline.show import finding_lines
    from pipeline.store.reader import read_findings

    engine = open_store(args)
    records = read_findings(engine, report_filter_of(args, engine, " ".join(args.words) or None))
    shown = 0
    for record in islice(records, args.limit or None):
        shown += 1
        say(line_of(record) if args.json else finding_lines(record))
    if not args.json:
        warn(f"{shown} findings")
    return 0
