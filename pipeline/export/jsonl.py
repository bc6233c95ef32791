"""JSON lines: a finding (or a report) a line."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.export.whole_file import whole_file
from pipeline.store.reader import dump_json


def write_jsonl(records: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write export records, a line each; return how many."""
    count = 0
    with whole_file(path) as file:
        for record in records:
            file.write(dump_json(record) + "\n")
            count += 1
    return count
