"""What several commands share: the store option and printing."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from calendar import monthrange
from collections.abc import Collection
from datetime import date
from re import ASCII, fullmatch
from typing import Any, Protocol

from pipeline.printable import visible


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


def add_report_filters(parser: ArgumentParser) -> None:
    """Add the options that choose findings by their report and by how sure they are."""
    parser.add_argument("--report", metavar="ID", help="only findings of this report")
    parser.add_argument(
        "--agency-type", metavar="TYPE", help="only findings that name an agency of this kind (acute_trust ...)"
    )
    parser.add_argument(
        "--date-from", type=first_day, metavar="DATE", help="only reports of this day, month or year, or later"
    )
    parser.add_argument(
        "--date-to", type=last_day, metavar="DATE", help="only reports of this day, month or year, or earlier"
    )
    parser.add_argument("--area", metavar="WORDS", help="only reports of a coroner's area with these words in its name")
    parser.add_argument(
        "--source-kind", metavar="KIND", help="only reports of this kind (coroners_report, case_review ...)"
    )
    parser.add_argument(
        "--min-score",
        type=probability,
        metavar="P",
        help="only findings whose category, or any of them, is at least so likely",
    )
    parser.add_argument("--reviewed", choices=("yes", "no"), help="only findings that people marked, or did not")


def probability(given: str) -> float:
    """A number from 0 to 1 from the command line."""
    try:
        value = float(given)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{given!r} is not a number from 0 to 1")
    return value


def first_day(given: str) -> str:
    """The first day of a day, a month or a year (2024-01-31, 2024-01, 2024)."""
    return _days(given)[0].isoformat()


def last_day(given: str) -> str:
    """The last day of a day, a month or a year."""
    return _days(given)[1].isoformat()


def _days(given: str) -> tuple[date, date]:
    try:
        if not fullmatch(r"\d{4}(-\d\d){0,2}", given, ASCII):
            raise ValueError
        year, month, day = ([int(part) for part in given.split("-")] + [0, 0])[:3]
        end = day or monthrange(year, month or 12)[1]
        return date(year, month or 1, day or 1), date(year, month or 12, end)
    except ValueError as error:
        raise ArgumentTypeError(f"{given!r} is not a date as 2024-01-31, 2024-01 or 2024") from error


def report_filter_of(args: Namespace, engine: Any, words: str | None = None) -> Any:
    """The store filter that all filters ask for together; kinds that do not exist are most likely misspelt."""
    from dataclasses import replace

    from pipeline.extract.facts import load_forms
    from pipeline.extract.lexicon import load_lexicon
    from pipeline.store.reports import find_report

    _known(args.agency_type, load_lexicon().types if args.agency_type else (), "kind of agency")
    _known(args.source_kind, [*load_forms()[1], "other"], "kind of report")
    return replace(
        filter_of(args, engine, words),
        report=find_report(engine, args.report)["report_id"] if args.report else None,
        agency_type=args.agency_type, date_from=args.date_from, date_to=args.date_to, area=args.area,
        source_kind=args.source_kind, score=args.min_score, reviewed=args.reviewed and args.reviewed == "yes",
    )  # fmt: skip


def _known(given: str | None, known: Collection[str], what: str) -> None:
    from pipeline.errors import UsageError

    if given and given not in known:
        raise UsageError(f"no {what} {given!r}; there are {', '.join(known)}")


def open_store(args: Namespace, *, create: bool = False) -> Any:
    """The engine of the store that the arguments name."""
    from pipeline.store.connect import open_engine, store_url

    return open_engine(store_url(args.store), create=create)


def say(text: str = "") -> None:
    """Print a result."""
    sys.stdout.write(visible(text) + "\n")


def say_json(value: Any) -> None:
    """Print a result as JSON."""
    say(json.dumps(value, ensure_ascii=False, indent=1))


def warn(text: str) -> None:
    """Tell the user something that is not a result."""
    sys.stderr.write(visible(text) + "\n")
