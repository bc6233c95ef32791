"""Write findings in the formats of other tools: one writer a format, named in FORMATS and imported when it is used."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

Write = Callable[[Iterable[Mapping[str, Any]], Path], int]

FORMATS = {"csv": ("pipeline.export.csv_rows", "write_csv"), "jsonl": ("pipeline.export.jsonl", "write_jsonl")}


def writer_of(name: str) -> Write:
    """The writer of a format in FORMATS: takes export records and a path, returns how many findings it wrote."""
    module, function = FORMATS[name]
    writer: Write = getattr(import_module(module), function)
    return writer
