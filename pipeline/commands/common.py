"""What several commands share: the store option and printing."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import Any, Protocol


class Subparsers(Protocol):
    """The part of argparse's subparsers that commands use."""

    def add_parser(self, name: str, **options: Any) -> ArgumentParser:
        """Add a command."""


def count(given: str) -> int:
    """A number of things from the command line: 0 or more."""
    if not given.isdecimal():
        raise ArgumentTypeError(f"{given!r} is not a number of 0 or more")
    return int(given)


def add_store(parser: ArgumentParser) -> None:
    """Add `--store`."""
    parser.add_argument(
        "--store",
        metavar="URL",
        help="where findings are kept: a file or a database URL (default: $FAILINGS_STORE, else findings.db)",
    )


def add_filters(parser: ArgumentParser) -> None:
    """Add the options that choose findings."""
    parser.add_argument("--category", metavar="ID", help="only findings of this category (`failings taxonomy list`)")
    parser.add_argument("--agency", metavar="NAME", help="only findings that name this agency, kind of agency, or role")
    parser.add_argument(
        "--assertion",
        choices=("failing", "alleged", "recommendation", "remedied"),
        help="only findings that the report puts so",
    )


def filter_of(args: Namespace, engine: Any, words: str | None = None) -> Any:
    """The store filter that the arguments ask for; a category that is in no taxonomy and no finding is most likely misspelt."""
    from pipeline.errors import UsageError
    from pipeline.store.reader import Filter, categories_found
    from pipeline.taxonomy import load_taxonomy

    known = {*load_taxonomy().ids, *categories_found(engine)} if args.category else set()
    if args.category and args.category not in known:
        raise UsageError(f"no category {args.category!r}; there are {', '.join(sorted(known))}")
    return Filter(words=words, category=args.category, agency=args.agency, assertion=args.assertion)


def open_store(args: Namespace, *, create: bool = False) -> Any:
    """The engine of the store that the arguments name."""
    from pipeline.store.connect import open_engine, store_url

    return open_engine(store_url(args.store), create=create)


def say(text: str = "") -> None:
    """Print a result."""
    sys.stdout.write(text + "\n")


def say_json(value: Any) -> None:
    """Print a result as JSON."""
    say(json.dumps(value, ensure_ascii=False, indent=1))


def warn(text: str) -> None:
    """Tell the user something that is not a result."""
    sys.stderr.write(text + "\n")
