"""CSV for spreadsheets: a row for each finding and category, UTF-8 with a byte-order mark, safe to open."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.export.fields import CSV_ROW, FORMAT_VERSION, PLAIN, Field
from pipeline.export.whole_file import whole_file

Row = dict[str, Any]

# a cell begins at the start of a text and, for a spreadsheet that splits at semicolons or tabs and ignores our quotes, after these
_RUNS = r"'*[^\S\t\r\n]*[=+\-@\t\r＝＋－＠]"
_UNGUARDED = re.compile(rf"(?<![^;\t\r\n])(?={_RUNS})")
_GUARDED = re.compile(rf"(?<![^;\t\r\n])'(?={_RUNS})")


def write_csv(records: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write export records, a row for each category of each; return how many findings."""
    return write_rows(path, CSV_ROW, map(_rows, records))


def write_rows(path: Path, fields: Sequence[Field], parts: Iterable[Iterable[Row]]) -> int:
    """Write a CSV file of rows that come in parts; return how many parts."""
    count = 0
    with whole_file(path, encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields], lineterminator="\r\n")
        writer.writeheader()
        for count, rows in enumerate(parts, 1):  # noqa: B007
            writer.writerows({name: safe(value) for name, value in row.items()} for row in rows)
    return count


def _rows(record: Mapping[str, Any]) -> Iterator[Row]:
    row = flat_row(record)
    for category in record["categories"]:
        yield row | {"category": category["id"], "category_score": category["score"]}


def flat_row(record: Mapping[str, Any]) -> Row:
    """The columns that do not hang on the categories."""
    row = {field.name: record[field.name] for field in PLAIN}
    row["actors"] = "; ".join(a["text"] for a in record["actors"])
    row["agencies"] = "; ".join(dict.fromkeys(a["agency"] for a in record["actors"] if a["agency"]))
    row["agency_types"] = "; ".join(dict.fromkeys(a["agency_type"] for a in record["actors"]))
    row["roles"] = "; ".join(a["role"] for a in record["actors"])
    row["mentioned"] = "; ".join(a["text"] for a in record["mentioned"])
    speaker = record["speaker"] or {}
    return row | {
        "speaker": speaker.get("text"), "speaker_kind": speaker.get("kind"), "format_version": FORMAT_VERSION,
    }  # fmt: skip


def safe(value: Any) -> Any:
    """A value for a cell; in a text, what a spreadsheet would run as a formula gets an apostrophe in front."""
    return _UNGUARDED.sub("'", value) if isinstance(value, str) else value


def unguarded(value: str) -> str:
    """The text that `safe` made a cell of."""
    return _GUARDED.sub("", value)
