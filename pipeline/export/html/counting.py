"""Counts for the charts, by report and by mention."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, TypeVar

from pipeline.export.html.index import Entry
from pipeline.export.html.shown import ShownReport, category_order
from pipeline.report import ASSERTIONS

Key = TypeVar("Key", bound=Hashable)
WENT_WRONG = ("failing", "alleged")
NO_DATE, NO_AREA, NO_AGENCY = "no date", "no area", "nobody named"
BINS = 20


class Count(NamedTuple):
    """How many reports, each once, and how many findings in them."""

    reports: int
    mentions: int


@dataclass(frozen=True, slots=True)
class Counts:
    """All that the charts show. All but `assertions` and `scores` count `went_wrong` only."""

    reports: int
    findings: int
    to_review: int
    reviewed: int
    went_wrong: Count
    unattributed: Count
    assertions: dict[str, Count]
    categories: dict[str, Count]
    by_year: dict[tuple[str, str], Count]
    by_agency: dict[tuple[str, str], Count]
    areas: dict[str, Count]
    together: dict[tuple[str, str], Count]
    scores: dict[tuple[int, bool], Count]
    reports_by_year: dict[str, int]


def counts_of(reports: Sequence[ShownReport], entries: Sequence[Entry]) -> Counts:
    """Count findings; those that say what went wrong where there are any, else all."""
    wrong = [e for e in entries if e.assertion in WENT_WRONG] or list(entries)
    years = [r.year or NO_DATE for r in reports]
    return Counts(
        reports=len(reports),
        findings=len(entries),
        to_review=sum(e.needs_review for e in entries),
        reviewed=sum(e.reviewed for e in entries),
        went_wrong=_count(wrong),
        unattributed=_count(e for e in wrong if not e.agency_types),
        assertions=_in_order(tally((e.assertion, e.report) for e in entries), _assertion_order),
        categories=_in_order(tally((c, e.report) for e in wrong for c in e.categories), category_order),
        by_year=tally(((c, years[e.report]), e.report) for e in wrong for c in e.categories),
        by_agency=tally(
            ((c, t), e.report) for e in wrong for c in e.categories for t in e.agency_types or (NO_AGENCY,)
        ),
        areas=tally((reports[e.report].area or NO_AREA, e.report) for e in wrong),
        together=_together(wrong),
        scores=tally(((min(round(100 * e.score) * BINS // 100, BINS - 1), e.needs_review), e.report) for e in entries),
        reports_by_year=dict(sorted(Counter(years).items())),
    )


def tally(mentions: Iterable[tuple[Key, int]]) -> dict[Key, Count]:
    """Count pairs of a key and the report in which it is mentioned; the most frequent by report comes first."""
    found: Counter[Key] = Counter()
    inside: defaultdict[Key, set[int]] = defaultdict(set)
    for key, report in mentions:
        found[key] += 1
        inside[key].add(report)
    counts = {key: Count(len(inside[key]), n) for key, n in found.items()}
    return dict(sorted(counts.items(), key=lambda item: (-item[1].reports, -item[1].mentions, str(item[0]))))


def _count(entries: Iterable[Entry]) -> Count:
    reports = [e.report for e in entries]
    return Count(len(set(reports)), len(reports))


def _in_order(counts: dict[str, Count], order: Callable[[str], tuple[int, str]]) -> dict[str, Count]:
    return dict(sorted(counts.items(), key=lambda item: order(item[0])))


def _assertion_order(assertion: str) -> tuple[int, str]:
    known: tuple[str, ...] = ASSERTIONS
    return (known.index(assertion) if assertion in known else len(known), assertion)


def _together(entries: Iterable[Entry]) -> dict[tuple[str, str], Count]:
    """Pairs of categories: reports that have both anywhere, and findings that have both."""
    in_report: defaultdict[int, set[str]] = defaultdict(set)
    mentions: Counter[tuple[str, str]] = Counter()
    for e in entries:
        in_report[e.report].update(e.categories)
        mentions.update(_pairs(e.categories))
    reports = Counter(pair for found in in_report.values() for pair in _pairs(found))
    counts = {pair: Count(n, mentions[pair]) for pair, n in reports.items()}
    return dict(sorted(counts.items(), key=lambda item: (-item[1].reports, -item[1].mentions, item[0])))


def _pairs(categories: Iterable[str]) -> Iterator[tuple[str, str]]:
    return combinations(sorted(set(categories), key=category_order), 2)


def leaders(counts: Mapping[Key, Count], by: Callable[[Count], int]) -> list[Key]:
    """The keys with the highest count, in order; none where all counts are 0."""
    highest = max(map(by, counts.values()), default=0)
    return [key for key, count in counts.items() if highest and by(count) == highest]
