"""Write findings in the formats of other tools: one writer a format, registered here."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.export.csv_rows import write_csv
from pipeline.export.jsonl import write_jsonl, write_reports

Write = Callable[[Iterable[Mapping[str, Any]], Path], int]

FORMATS: Mapping[str, Write] = {"csv": write_csv, "jsonl": write_jsonl}

__all__ = ["FORMATS", "write_reports"]
