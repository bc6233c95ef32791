"""Delete a report wholly: its rows, what people said of it, the names of its sources, and then the words out of the file itself."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from pipeline.errors import StoreError
from pipeline.store.schema import failures, findings, metadata, reports, reviews, runs, sources
from pipeline.store.transactions import in_turn

GONE = "(deleted)"
BUSY_MILLISECONDS = 5000
IN_USE = (
    "the report is deleted, but its words are still in the file: close what else has the store open, and run `failings delete` "
    "without a report"
)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What went with a report."""

    report_id: str
    sources: tuple[str, ...]
    findings: int
    reviews: int


def delete_report(engine: Engine, report_id: str) -> Deleted:
    """Delete a report and all that names it; its words stay in free pages of the database until `wipe` is called."""
    return in_turn(engine, partial(_delete, report_id))


def _delete(report_id: str, connection: Connection) -> Deleted:
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("PRAGMA secure_delete=ON"))
    names = _names(connection, report_id)
    deleted = Deleted(report_id, names, _count(connection, findings, report_id), _count(connection, reviews, report_id))
    connection.execute(sa.delete(reports).where(reports.c.report_id == report_id))
    connection.execute(sa.delete(failures).where(failures.c.source.in_(names)))
    for run_id, options in connection.execute(sa.select(runs.c.run_id, runs.c.options)).all():
        if (kept := _without(options, names)) != options:
            connection.execute(sa.update(runs).where(runs.c.run_id == run_id).values(options=kept))
    return deleted


def wipe(engine: Engine) -> None:
    """Write the database anew without what was deleted, its index and its log too; raise StoreError where somebody holds it open."""
    if engine.dialect.name == "sqlite":
        _wipe_sqlite(engine)
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in metadata.sorted_tables:
            connection.execute(sa.text(f"VACUUM FULL {table.name}"))


def _wipe_sqlite(engine: Engine) -> None:
    """On the driver's own connection: a database cannot be written anew in a transaction."""
    with closing(engine.raw_connection()) as pooled:
        cursor = pooled.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        try:
            cursor.execute("INSERT INTO findings_fts(findings_fts) VALUES ('rebuild')")
            cursor.execute("VACUUM")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            raise StoreError(f"{IN_USE} ({error})") from error
    if busy[0]:
        raise StoreError(IN_USE)


def _names(connection: Connection, report_id: str) -> tuple[str, ...]:
    own = sa.select(reports.c.source).where(reports.c.report_id == report_id)
    others = sa.select(sources.c.source).where(sources.c.report_id == report_id)
    return tuple(sorted(connection.execute(own.union(others)).scalars()))


def _count(connection: Connection, table: sa.Table, report_id: str) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(table.c.report_id == report_id)
    return connection.execute(query).scalar_one()


def _without(options: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """A run's options without the sources' names among the paths that it was given."""
    paths = options.get("paths")
    return {**options, "paths": [GONE if path in names else path for path in paths]} if paths else dict(options)
