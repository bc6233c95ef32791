"""JSON lines: a finding (or a report) a line, each with the version of the format."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.export.fields import FORMAT_VERSION
from pipeline.export.whole_file import whole_file


def write_jsonl(records: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write export records, a line each; return how many."""
    count = 0
    with whole_file(path) as file:
        for record in records:
            file.write(line_of(record) + "\n")
            count += 1
    return count


def line_of(record: Mapping[str, Any]) -> str:
    """An export record as one line of JSON."""
    return json.dumps({**record, "format_version": FORMAT_VERSION}, ensure_ascii=False)
