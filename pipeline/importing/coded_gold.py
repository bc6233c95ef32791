"""Readings from another tool as gold, in the format of `pipeline/classify/gold.py`."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pipeline.annotate.gold_rows import Known, gold_rows
from pipeline.export.whole_file import whole_file
from pipeline.importing.coded_readings import Readings
from pipeline.report import Passage


def gold_of(found: Readings, passages_of: Callable[[str], tuple[Passage, ...]]) -> Iterator[dict[str, Any]]:
    """Yield a row a report; `passages_of` divides a text into sentences, which take the labels of the marks that fall on them."""

    def known(report_id: str, text_sha256: str) -> Known:
        text = found.texts[report_id, text_sha256]
        return Known(text, passages_of(text))

    return gold_rows(found.readings, known)


def write_gold(rows: Iterable[dict[str, Any]], path: Path) -> None:
    """Write gold, a report a line."""
    with whole_file(path) as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
