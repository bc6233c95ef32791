"""The data of the tables: one compact index of all findings, and their words in chunks that are loaded when they are needed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.export.html.shown import (
    ShownFinding,
    ShownReport,
    agency_type_name,
    assertion_name,
    category_name,
    category_order,
)

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """What the charts and the index keep of a finding; `report` is the place of its report in the list of them."""

    report: int
    assertion: str
    categories: tuple[str, ...]
    score: float
    agency_types: tuple[str, ...]
    needs_review: bool
    reviewed: bool


def entry(report: int, finding: ShownFinding) -> Entry:
    """What is kept of a finding."""
    return Entry(
        report, finding.assertion, tuple(key for key, _ in finding.categories), finding.score, finding.agency_types,
        finding.needs_review, bool(finding.reviewed_by),
    )  # fmt: skip


def index_of(reports: Sequence[ShownReport], entries: Sequence[Entry]) -> dict[str, Any]:
    """The index: lists of names, and for each finding numbers that point into them (`docs/html-report.md`)."""
    categories = sorted({c for e in entries for c in e.categories}, key=category_order)
    agency_types = sorted({t for e in entries for t in e.agency_types}, key=agency_type_name)
    assertions = list(dict.fromkeys(e.assertion for e in entries))
    category_sets, in_categories = _numbered(tuple(categories.index(c) for c in e.categories) for e in entries)
    agency_sets, in_agencies = _numbered(tuple(agency_types.index(t) for t in e.agency_types) for e in entries)
    return {
        "categories": [[c, category_name(c)] for c in categories],
        "agencyTypes": [[t, agency_type_name(t)] for t in agency_types],
        "assertions": [[a, assertion_name(a)] for a in assertions],
        "categorySets": category_sets, "agencySets": agency_sets,
        "reports": [[r.report_id, r.title, r.date, r.area, r.words, r.findings, r.to_review, r.page] for r in reports],
        "report": [e.report for e in entries],
        "assertion": [assertions.index(e.assertion) for e in entries],
        "category": in_categories, "agency": in_agencies,
        "score": [round(100 * e.score) for e in entries],
        "review": [2 if e.reviewed else int(e.needs_review) for e in entries],
        "chunk": CHUNK,
    }  # fmt: skip


def _numbered(sets: Iterable[tuple[int, ...]]) -> tuple[list[list[int]], list[int]]:
    """The different sets, and for each of `sets` its number among them."""
    numbers: dict[tuple[int, ...], int] = {}
    places = [numbers.setdefault(each, len(numbers)) for each in sets]
    return [list(each) for each in numbers], places


def island(value: Any) -> str:
    """JSON that can stand in a `<script>` and in a script: ASCII, and without what could end or open a tag."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def index_script(index: dict[str, Any]) -> str:
    """The index as a script of its own; a browser reads JSON in a string faster than a script's literals."""
    return f"failings.index = JSON.parse({island(island(index))});\n"


def chunk_script(number: int, rows: Sequence[Sequence[str]]) -> str:
    """Ids and words of a chunk of findings as a script of its own."""
    return f"failings.chunk({number}, {island(rows)});\n"
