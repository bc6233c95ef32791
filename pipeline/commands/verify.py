"""`failings verify`: re-check every stored finding against its source text."""

from argparse import Namespace

from pipeline.commands.common import Subparsers, add_store, open_store, say, warn


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("verify", help="re-check every stored finding against its source text")
    add_store(parser)
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Print how many findings hold, or every one that does not."""
    from pipeline.store.reader import count_totals
    from pipeline.store.verify import verify

    engine = open_store(args)
    faults = 0
    for fault in verify(engine):
        faults += 1
        warn(fault)
    if faults:
        warn(f"{faults} faults")
        return 1
    totals = count_totals(engine)
    say(f"{totals['findings']} findings in {totals['reports']} reports: every quote is the exact words at its place")
    return 0
