"""`failings corpus`: the labelled reports, for those who have only the project."""

from argparse import Namespace
from pathlib import Path

from pipeline.commands.common import Subparsers, warn


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("corpus", help="get the public reports and join our labels to them")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    fetch = actions.add_parser(
        "fetch",
        help="write train.jsonl, dev.jsonl, reports.csv and unplaced.jsonl",
        epilog="Exit status: 0 all labels placed, 1 some not (each is in unplaced.jsonl, with the reason).",
    )
    fetch.add_argument(
        "--out", type=Path, default=Path("corpus"), metavar="DIR", help="where they go (default: corpus)"
    )
    fetch.add_argument(
        "--sdist", type=Path, metavar="FILE", help="the sdist of pfd_toolkit 0.4.0, if you have it (default: ask pip)"
    )
    fetch.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Fetch, join, write, and say what found no place."""
    from pipeline.corpus.fetch import fetch

    tallies = fetch(args.out, args.sdist, tell=warn)
    for tally in tallies:
        warn(str(tally))
    warn(
        f"written to {args.out}; `failings evaluate {args.out / 'dev.jsonl'}`, `failings train --corpus {args.out} CONFIG`"
    )
    return 1 if any(tally.unplaced for tally in tallies) else 0
