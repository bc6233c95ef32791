"""Labelled sentences that a user brings: CSV, JSONL (a sentence or a labelled report a line) or a Label Studio export."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.classify.gold import read_gold
from pipeline.errors import GoldError, Unreadable
from pipeline.ingest.text import decode
from pipeline.report import ASSERTIONS, Passage

COLUMNS = ("sentence", "categories", "report", "assertion")
SHOWN = 5


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text whose passages are labelled: a whole report, or a sentence that stands alone.

    `categories` runs parallel to `passages`; an empty set says that the passage is about none of them. `report` is empty where
    nobody said which report a sentence comes from.
    """

    report: str
    text: str
    passages: tuple[Passage, ...]
    categories: tuple[frozenset[str], ...]
    place: str


def read_sentences(path: Path, names: Mapping[str, str]) -> list[LabelledText]:
    """Read a file of labelled sentences; raise GoldError that names file and line of what does not fit.

    `names` maps what a category may be called there to its id.
    """
    from pipeline.classify.label_studio import read_export  # noqa: PLC0415  (it takes spaCy along)

    try:
        content = decode(path.read_bytes())
    except (OSError, Unreadable) as error:
        raise GoldError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    kind = _kind(path, content)
    if kind == "export":
        found = read_export(path, content)
    elif kind == "gold":
        found = list(_gold(path))
    else:
        found = _checked(path, _csv_rows(path, content) if kind == "csv" else _jsonl_rows(path, content))
    _refuse_unknown(found, names)
    if not any(text.passages for text in found):
        raise GoldError(f"{path}: no labelled sentences in it")
    return [replace(t, categories=tuple(frozenset(names[c] for c in each) for each in t.categories)) for t in found]


def _kind(path: Path, content: str) -> str:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return "csv"
    if suffix == ".json" or content.lstrip().startswith("["):
        return "export"
    if suffix not in (".jsonl", ".ndjson"):
        raise GoldError(f"{path}: not a .csv, a .jsonl, or a .json that Label Studio exported")
    try:
        first = json.loads(content.lstrip().split("\n", 1)[0])
    except (ValueError, RecursionError):
        return "jsonl"
    return "gold" if isinstance(first, dict) and "sentences" in first else "jsonl"


def _gold(path: Path) -> Iterator[LabelledText]:
    for report in read_gold(path):
        labels = [report.labels.get((p.start, p.end)) for p in report.passages]
        categories = tuple(frozenset(label.categories if label else ()) for label in labels)
        yield LabelledText(report.id, report.text, report.passages, categories, f"{path}, report {report.id}")


Row = tuple[int, Mapping[str, Any]]


def _csv_rows(path: Path, content: str) -> list[Row]:
    """Rows with the number of the line that each begins on; comma, semicolon or tab, whichever the header has most of."""
    header = content.lstrip().split("\n", 1)[0]
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=max(",;\t", key=header.count), strict=True)
    rows: list[Row] = []
    names: list[str] = []
    try:
        before = 0
        for record in reader:
            if not names and record:
                names = [name.strip().lower() for name in record]
                _refuse_columns(path, names)
            elif any(field.strip() for field in record):
                if len(record) != len(names):
                    raise GoldError(
                        f"{path}, line {before + 1}: {len(record)} values for {len(names)} columns; is a comma not quoted?"
                    )
                rows.append((before + 1, dict(zip(names, record, strict=True))))
            before = reader.line_num
    except csv.Error as error:
        raise GoldError(f"{path}, line {reader.line_num}: {error}") from error
    return rows


def _refuse_columns(path: Path, names: Sequence[str]) -> None:
    wrong = [f"no column {name!r}" for name in COLUMNS[:2] if name not in names]
    wrong += [f"unknown column {name!r}" for name in names if name not in COLUMNS]
    wrong += [f"two columns {name!r}" for name in COLUMNS if names.count(name) > 1]
    if wrong:
        raise GoldError(
            f"{path}, line 1: {'; '.join(wrong)}; the columns are {', '.join(COLUMNS)} (the last two may lack)"
        )


def _jsonl_rows(path: Path, content: str) -> list[Row]:
    rows: list[Row] = []
    wrong = []
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            wrong.append(f"line {number}: not JSON ({error})")
            continue
        if isinstance(row, dict) and {"sentence", "categories"} <= set(row) <= set(COLUMNS):
            rows.append((number, row))
        else:
            wrong.append(f"line {number}: not an object with the keys {', '.join(COLUMNS)} (the last two may lack)")
    _refuse(path, wrong)
    return rows


def _checked(path: Path, rows: Sequence[Row]) -> list[LabelledText]:
    wrong = [f"line {number}: {fault}" for number, row in rows for fault in _faults(row)]
    _refuse(path, wrong)
    return [_sentence(path, number, row) for number, row in rows]


def _faults(row: Mapping[str, Any]) -> list[str]:
    faults = []
    if not isinstance(row["sentence"], str) or not row["sentence"].strip():
        faults.append("the sentence is empty or not a text")
    if _ids(row["categories"]) is None:
        faults.append("categories is neither a text nor a list of texts")
    if not isinstance(row.get("report") or "", str):
        faults.append("report is not a text")
    if (row.get("assertion") or "") not in ("", *ASSERTIONS):
        faults.append(f"assertion {row['assertion']!r}; valid: {', '.join(ASSERTIONS)}, or empty")
    return faults


def _ids(value: Any) -> list[str] | None:
    if isinstance(value, str):
        value = value.replace("|", ";").split(";")
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return None
    return [each.strip() for each in value if each.strip()]


def _sentence(path: Path, number: int, row: Mapping[str, Any]) -> LabelledText:
    text = row["sentence"].strip()
    categories = frozenset(_ids(row["categories"]) or ())
    return LabelledText(
        (row.get("report") or "").strip(), text, (Passage(0, len(text)),), (categories,), f"{path}, line {number}"
    )


def _refuse_unknown(found: Sequence[LabelledText], names: Mapping[str, str]) -> None:
    unknown = [
        f"{text.place}: unknown category {name!r}"
        for text in found
        for name in sorted(frozenset().union(*text.categories) - set(names))
    ]
    if unknown:
        raise GoldError(f"{_listed(unknown)}; the known ones are {', '.join(dict.fromkeys(names.values()))}")


def _refuse(path: Path, wrong: Sequence[str]) -> None:
    if wrong:
        raise GoldError(f"{path}, {_listed(wrong)}")


def _listed(wrong: Sequence[str]) -> str:
    more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return "; ".join(wrong[:SHOWN]) + more
