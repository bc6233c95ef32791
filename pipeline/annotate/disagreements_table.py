"""Disagreements as a table for spreadsheets."""

import csv
from collections.abc import Sequence
from pathlib import Path

from pipeline.annotate.disagreements import Disagreement
from pipeline.export.csv_rows import safe
from pipeline.export.whole_file import whole_file

COLUMNS = ("report_id", "start", "end", "quote", "difficulty", "kinds", "annotator", "assertion", "categories")


def write_disagreements(path: Path, found: Sequence[Disagreement]) -> int:
    """Write a row for each disagreement and annotator, in order; return how many disagreements there are."""
    with whole_file(path, encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for each in found:
            place = (
                each.report_id,
                each.start,
                each.end,
                safe(each.quote),
                f"{each.difficulty:.3f}",
                "; ".join(each.kinds),
            )
            for said in each.said:
                writer.writerow([*place, safe(said.annotator), said.assertion or "", "; ".join(said.categories)])
    return len(found)
