"""Labelled reports: the JSONL format of the corpus, parsed once into typed records."""

import csv
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

from pipeline.errors import GoldError, OffsetError
from pipeline.report import ASSERTIONS, Assertion, Passage, check_interval


@dataclass(frozen=True, slots=True)
class GoldLabel:
    """What a person (or another careful reader) says of one sentence; categories most central first."""

    start: int
    end: int
    assertion: Assertion
    categories: tuple[str, ...]
    actors: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class GoldReport:
    """A labelled report: a sentence without a label is a negative."""

    id: str
    text: str
    passages: tuple[Passage, ...]
    labels: Mapping[tuple[int, int], GoldLabel]
    url: str | None = None


def read_gold(path: Path) -> Iterator[GoldReport]:
    """Yield the labelled reports of a JSONL file; raise GoldError naming the line of the first one that does not fit."""
    if not path.is_file():
        raise GoldError(f"no file {path}")
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield parse_report(json.loads(line))
                except (KeyError, TypeError, ValueError, OffsetError, RecursionError) as error:
                    raise GoldError(
                        f"{path}, line {number}: not a labelled report ({type(error).__name__}: {error})"
                    ) from error


def corpus_folder() -> Path:
    """Where train.jsonl and dev.jsonl are: $FAILINGS_CORPUS, else `corpus`, which `failings corpus fetch` makes, else ../shared/corpus."""
    named = os.environ.get("FAILINGS_CORPUS")
    fetched = Path("corpus")
    return Path(named) if named else fetched if fetched.is_dir() else Path("../shared/corpus")


def read_made_up(path: Path) -> Iterator[GoldReport]:
    """Yield reports from a CSV file with a labelled sentence a row, `report`, `sentence`, `assertion`, `categories` (by ";").

    Rows of a report stand together, in reading order; its text is its sentences with spaces between.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        for name, rows in groupby(csv.DictReader(lines), key=lambda row: row["report"]):
            yield _joined(name, list(rows))


def _joined(name: str, rows: Sequence[Mapping[str, str]]) -> GoldReport:
    ends = list(accumulate(len(row["sentence"]) + 1 for row in rows))
    spans = [(end - 1 - len(row["sentence"]), end - 1) for end, row in zip(ends, rows, strict=True)]
    labels = [
        {"start": start, "end": end, "assertion": row["assertion"], "categories": row["categories"].split(";")}
        for (start, end), row in zip(spans, rows, strict=True)
        if row["assertion"]
    ]
    return parse_report(
        {"id": name, "text": " ".join(row["sentence"] for row in rows), "sentences": spans, "labels": labels}
    )


def parse_report(row: Mapping[str, Any]) -> GoldReport:
    """A labelled report from a row of the JSONL format; raise KeyError, TypeError, ValueError or OffsetError where it does not fit."""
    text = row["text"]
    if not isinstance(text, str) or not isinstance(row["id"], str):
        raise TypeError("id and text are strings")
    sections = [(s["start"], s["end"], s["name"]) for s in row.get("sections", [])]
    passages = tuple(Passage(start, end, _section_at(sections, start)) for start, end in row["sentences"])
    for passage in passages:
        check_interval(passage.start, passage.end, within=len(text), what="sentence")
    labels = {(label["start"], label["end"]): _label(label, len(text)) for label in row["labels"]}
    strays = set(labels) - {(p.start, p.end) for p in passages}
    if strays:
        raise ValueError(f"label {min(strays)} is on no sentence")
    return GoldReport(row["id"], text, passages, labels, row.get("url"))


def _section_at(sections: Sequence[tuple[int, int, str]], at: int) -> str | None:
    return next((name for start, end, name in sections if start <= at < end), None)


def _label(row: Mapping[str, Any], length: int) -> GoldLabel:
    check_interval(row["start"], row["end"], within=length, what="label")
    if row["assertion"] not in ASSERTIONS:
        raise ValueError(f"assertion {row['assertion']!r}; valid: {', '.join(ASSERTIONS)}")
    if not all(isinstance(category, str) for category in row["categories"]):
        raise TypeError("categories are strings")
    actors = tuple((a["start"], a["end"]) for a in row.get("actors", []))
    return GoldLabel(row["start"], row["end"], row["assertion"], tuple(row["categories"]), actors)
