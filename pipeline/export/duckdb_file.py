"""A DuckDB file: findings, what hangs on them, their reports, and views that count by report and by mention."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]

from pipeline import __version__
from pipeline.errors import UsageError
from pipeline.export.arrow import arrow_schema, as_batch, in_batches
from pipeline.export.fields import FORMAT_VERSION
from pipeline.export.tables import TABLES, Row, finding_rows, report_rows
from pipeline.export.whole_file import unwritten, whole_path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BATCH = 2000
SETTINGS: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "128MB", "threads": 2}


def write_duckdb(
    records: Iterable[Mapping[str, Any]], path: Path, *, reports: Iterable[Mapping[str, Any]], with_text: bool = False
) -> int:
    """Write export records and `reports`, as read from a store; return how many findings.

    Raises:
        UsageError: DuckDB is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UsageError(f'--format duckdb needs {error.name}: pip install "failings[duckdb]"') from error
    about = ("about", {"format_version": FORMAT_VERSION, "pipeline": __version__})
    said = chain.from_iterable(report_rows(report, with_text=with_text) for report in reports)
    rows = chain([about], said, chain.from_iterable(map(finding_rows, records)))
    try:
        with whole_path(path) as written, duckdb.connect(str(written), config=SETTINGS) as connection:
            _make_tables(connection)
            _insert(connection, rows)
            connection.execute(files("pipeline.export").joinpath("views.sql").read_text(encoding="utf-8"))
            [count] = connection.execute("SELECT count(*) FROM findings").fetchone() or [0]
    except duckdb.IOException as error:
        raise unwritten(path, str(error)) from error
    return int(count)


def _make_tables(connection: "DuckDBPyConnection") -> None:
    for table, fields in TABLES.items():
        connection.register("empty", pa.Table.from_batches([], arrow_schema(fields)))
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM empty")  # noqa: S608
        connection.unregister("empty")
        for field in fields:
            about = field.about.replace("'", "''")
            connection.execute(f"COMMENT ON COLUMN {table}.\"{field.name}\" IS '{about}'")


def _insert(connection: "DuckDBPyConnection", rows: Iterator[tuple[str, Row]]) -> None:
    """Insert rows as they come, a batch for all tables at a time."""
    schemas = {table: arrow_schema(fields) for table, fields in TABLES.items()}
    for batch in in_batches(rows, BATCH):
        held: defaultdict[str, list[Row]] = defaultdict(list)
        for table, row in batch:
            held[table].append(row)
        for table, mine in held.items():
            connection.register("batch", pa.Table.from_batches([as_batch(mine, schemas[table])]))
            connection.execute(f"INSERT INTO {table} SELECT * FROM batch")  # noqa: S608
            connection.unregister("batch")
