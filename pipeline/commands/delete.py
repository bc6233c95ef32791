"""`failings delete`: take a report out of a store, wholly."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from pipeline.commands.common import Subparsers, add_store, open_store, say, warn


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "delete",
        help="take reports out of a store, with all that was found and said of them",
        epilog="Exports, copies of the store and Label Studio projects keep what they hold (docs/security.md). A later run over the "
        "same files brings a report back. Without a report, what was deleted before is wiped out of the file.",
    )
    parser.add_argument(
        "reports", nargs="*", metavar="REPORT", help="its id, the beginning of one, or its source's name"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_store(parser)
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Delete, once the user has agreed."""
    from pipeline.store.delete import delete_report, wipe
    from pipeline.store.reports import find_report

    engine = open_store(args)
    found = {row["report_id"]: row for row in (find_report(engine, name) for name in args.reports)}
    if found and not args.yes and not _agreed(list(found.values())):
        warn("nothing deleted")
        return 1
    for report_id in found:
        gone = delete_report(engine, report_id)
        say(
            f"deleted {report_id}: {gone.findings} findings, {gone.reviews} reviews; read from {', '.join(gone.sources)}"
        )
    wipe(engine)
    if found:
        warn("A later run over these sources would bring them back: take the files out of the folder first.")
    return 0


def _agreed(reports: Sequence[dict[str, Any]]) -> bool:
    from pipeline.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("nobody is here to ask: say --yes to delete for good")
    for report in reports:
        warn(f"{report['report_id']}: {report['title'] or report['source']}")
    warn(f"Delete {'this report' if len(reports) == 1 else f'these {len(reports)} reports'} for good? Type yes:")
    return sys.stdin.readline().strip().casefold() == "yes"
