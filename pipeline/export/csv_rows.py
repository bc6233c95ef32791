"""CSV for spreadsheets: a row for each finding and category, UTF-8 with a byte-order mark, safe to open."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.export.whole_file import whole_file

PLAIN = (
    "finding_id", "report_id", "source", "source_url", "source_sha256", "title", "date", "area", "section", "concern", "page",
    "start", "end", "quote", "link", "assertion", "assertion_score", "needs_review", "reviewed_by", "model", "taxonomy", "pipeline",
)  # fmt: skip
NAMED = ("actors", "agencies", "agency_types", "roles", "mentioned", "speaker", "speaker_kind")
FIELDS = (*PLAIN[:15], "category", "category_score", *PLAIN[15:17], *NAMED, *PLAIN[17:])
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(records: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write export records, a row for each category of each; return how many findings.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    count = 0
    with whole_file(path, encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\r\n")
        writer.writeheader()
        for record in records:
            count += 1
            writer.writerows({k: safe(v) for k, v in row.items()} for row in _rows(record))
    return count


def _rows(record: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    row = {name: record[name] for name in PLAIN}
    row["actors"] = "; ".join(a["text"] for a in record["actors"])
    row["agencies"] = "; ".join(dict.fromkeys(a["agency"] for a in record["actors"] if a["agency"]))
    row["agency_types"] = "; ".join(dict.fromkeys(a["agency_type"] for a in record["actors"]))
    row["roles"] = "; ".join(a["role"] for a in record["actors"])
    row["mentioned"] = "; ".join(a["text"] for a in record["mentioned"])
    speaker = record["speaker"] or {}
    row |= {"speaker": speaker.get("text"), "speaker_kind": speaker.get("kind")}
    for category in record["categories"]:
        yield row | {"category": category["id"], "category_score": category["score"]}


def safe(value: Any) -> Any:
    """A value for a cell; text that a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
