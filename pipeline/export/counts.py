"""Counts of each category by report and by mention: in all, by year, and by the kind of agency that it is attributed to.

By report asks in how many reports something comes up, by mention how often it is said.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from pipeline.export.csv_rows import safe
from pipeline.export.fields import COUNT, FORMAT_VERSION
from pipeline.export.whole_file import whole_file
from pipeline.export.years import year_of

Row = dict[str, Any]
Key = tuple[str, str | None, int | None, str | None]  # breakdown, category (None: any), year, kind of agency


def write_counts(records: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write the counts as JSON where `path` ends in .json, else as CSV; return how many findings were counted.

    `records` are export records, all of a report together, as a store gives them.
    """
    findings, rows = count_rows(records)
    if path.suffix.casefold() == ".json":
        with whole_file(path) as file:
            json.dump({"format_version": FORMAT_VERSION, "counts": rows}, file, ensure_ascii=False, indent=1)
            file.write("\n")
        return findings
    with whole_file(path, encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in COUNT], lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({k: safe(v) for k, v in row.items()} | {"format_version": FORMAT_VERSION} for row in rows)
    return findings


def count_rows(records: Iterable[Mapping[str, Any]]) -> tuple[int, list[Row]]:
    """How many findings there are, and a row for each category and breakdown, those of all findings first."""
    reports: Counter[Key] = Counter()
    mentions: Counter[Key] = Counter()
    findings = 0
    for _, mine in groupby(records, key=lambda record: record["report_id"]):
        seen: set[Key] = set()
        for record in mine:
            findings += 1
            keys = set(_keys(record))
            mentions.update(keys)
            seen |= keys
        reports.update(seen)
    rows = [
        {"breakdown": key[0], "category": key[1], "year": key[2], "agency_type": key[3], "reports": reports[key],
         "mentions": mentions[key]}
        for key in sorted(mentions, key=_order)
    ]  # fmt: skip
    return findings, rows


def _keys(record: Mapping[str, Any]) -> Iterator[Key]:
    kinds = {actor["agency_type"] for actor in record["actors"]} or {None}
    for category in (None, *(category["id"] for category in record["categories"])):
        yield "all", category, None, None
        yield "year", category, year_of(record["date"]), None
        yield from (("agency_type", category, None, kind) for kind in kinds)


def _order(key: Key) -> tuple[int, bool, int, bool, str, str]:
    breakdown, category, year, kind = key
    return (
        ("all", "year", "agency_type").index(breakdown),
        year is None,
        year or 0,
        kind is None,
        kind or "",
        category or "",
    )
