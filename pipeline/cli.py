"""The command line: a thin edge over plain functions, one module a command in `pipeline/commands/`."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from pipeline import __version__
from pipeline.commands import (
    annotate,
    corpus,
    dashboard,
    delete,
    evaluate,
    export,
    import_,
    run,
    search,
    show,
    taxonomy,
    train,
    verify,
)
from pipeline.errors import FailingsError, UsageError
from pipeline.export.whole_file import NO_ROOM

USAGE = 2
COMMANDS = (run, search, show, export, import_, dashboard, verify, delete, annotate, evaluate, train, corpus, taxonomy)


def make_parser() -> ArgumentParser:
    """The parser of the whole command line."""
    parser = ArgumentParser(
        prog="failings",
        description="Find what went wrong in reviews, inquests and inquiry reports: each failure, its kind, who, and the exact words.",
        epilog="Exit status: 0 all done, 1 done but something failed, 2 wrong usage, 130 stopped.",
    )
    parser.add_argument("--version", action="version", version=f"failings {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; errors raised on purpose become one line on stderr."""
    args = make_parser().parse_args(argv)
    try:
        status: int = args.call(args)
        sys.stdout.flush()
    except FailingsError as error:
        sys.stderr.write(f"failings: {error}\n")
        return USAGE if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        return run.STOPPED
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        sys.stderr.write(f"failings: cannot write: {os.strerror(error.errno)}; make room, then do it again\n")
        _drop_output()
        return 1
    return status


def _drop_output() -> None:
    """Let what could not be printed go, or Python tries again when it ends."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
