"""Parquet with nested columns, for pandas, R, Spark and DuckDB; one file, or a folder with a part for each year."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from pipeline.export.arrow import arrow_schema, as_batch, in_batches
from pipeline.export.fields import FINDING
from pipeline.export.whole_file import whole_path
from pipeline.export.years import year_of

ROWS_AT_ONCE = 500
ROW_GROUP = 5000
UNDATED = "__HIVE_DEFAULT_PARTITION__"  # what readers of partitioned folders take for null


class _Part:
    """One file being written; holds back rows until there are enough for a row group."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._held: list[pa.RecordBatch] = []

    def __enter__(self) -> "_Part":
        return self

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._held.append(as_batch(rows, self._schema))
        if sum(batch.num_rows for batch in self._held) >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._held, self._schema))
        self._held = []

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()


def write_parquet(records: Iterable[Mapping[str, Any]], path: Path, *, partition_by: str | None = None) -> int:
    """Write export records; return how many. With `partition_by="year"`, a folder `year=2024/part-0.parquet`."""
    count, schema = 0, arrow_schema(FINDING)
    parts: dict[str, _Part] = {}
    with whole_path(path) as written, ExitStack() as stack:
        for rows in in_batches(records, ROWS_AT_ONCE):
            count += len(rows)
            for name, mine in _by_part(rows, partition_by).items():
                if name not in parts:
                    parts[name] = stack.enter_context(_Part(written / name, schema))
                parts[name].add(mine)
        if not parts:
            stack.enter_context(_Part(written / _name(None, partition_by), schema))
    return count


def _by_part(rows: Iterable[Mapping[str, Any]], partition_by: str | None) -> dict[str, list[Mapping[str, Any]]]:
    """Rows by the file, within the folder, that they belong to."""
    mine = defaultdict(list)
    for row in rows:
        mine[_name(row["date"], partition_by)].append(row)
    return mine


def _name(date: str | None, partition_by: str | None) -> str:
    return f"{partition_by}={year_of(date) or UNDATED}/part-0.parquet" if partition_by else ""
