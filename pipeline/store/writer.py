"""Write to a store: a report and all that hangs on it goes in or out in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from pipeline.report import Analysed
from pipeline.store.kept import Kept, keep
from pipeline.store.rows import report_id_of, report_row, rows_of
from pipeline.store.schema import failures, reports, reviews, runs, sources, superseded

Outcome = Literal["new", "redone", "duplicate"]


@dataclass(frozen=True, slots=True)
class Versions:
    """What decides an answer besides the text; a report is redone when one of them differs."""

    model: str
    taxonomy: str
    pipeline: str


class Writer:
    """Writes one run into an open store."""

    def __init__(self, engine: Engine, versions: Versions, options: Mapping[str, Any]) -> None:
        self._engine = engine
        self._versions = versions
        with engine.begin() as connection:
            row = {"started": _now(), "status": "running", "options": dict(options), **asdict(versions)}
            key = connection.execute(sa.insert(runs).values(row)).inserted_primary_key
            self.run_id: int = key[0] if key else 0

    def is_done(self, source: str, digest: str) -> bool:
        """Whether the source is in the store as it is now. The same bytes under another name are noted as a duplicate."""
        with self._engine.begin() as connection:
            row = connection.execute(_current(sources.c.source_sha256 == digest, self._versions)).first()
            if row is None:
                return False
            known = connection.execute(sa.select(sources.c.report_id).where(sources.c.source == source)).scalar()
            if known != row.report_id:
                self._point(connection, source, digest, row.report_id, "same bytes")
            connection.execute(sa.delete(failures).where(failures.c.source == source))
            return True

    def add(self, analysed: Analysed) -> Outcome:
        """Put a report in, in place of what its source or its text had before; the same text elsewhere is only noted."""
        report = analysed.report
        analysed.check()
        with self._engine.begin() as connection:
            connection.execute(sa.delete(failures).where(failures.c.source == report.source))
            same = connection.execute(_current(reports.c.text_sha256 == report.text_sha256, self._versions)).first()
            if same is not None and same.source != report.source:
                known = sa.select(sources.c.source).where(
                    sources.c.report_id == same.report_id, sources.c.source_sha256 == report.source_sha256
                )
                kind = "same bytes" if connection.execute(known).first() else "same text"
                self._point(connection, report.source, report.source_sha256, same.report_id, kind)
                return "duplicate"
            return self._replace(connection, analysed)

    def _replace(self, connection: Connection, analysed: Analysed) -> Outcome:
        report = analysed.report
        before = connection.execute(
            sa.select(reports.c.report_id, reports.c.source_sha256)
            .where(reports.c.text_sha256 == report.text_sha256)
            .with_for_update()
        ).first()
        others: Sequence[RowMapping] = ()
        kept = Kept()
        if before is not None:
            kept = keep(connection, before.report_id, same_file=before.source_sha256 == report.source_sha256)
            others = (
                connection.execute(sa.select(sources).where(sources.c.report_id == before.report_id)).mappings().all()
            )
            connection.execute(sa.delete(reports).where(reports.c.report_id == before.report_id))
        report_id = before.report_id if before is not None else report_id_of(report)
        versions = asdict(self._versions)
        decided, lost = kept.decide(analysed, report_id, versions)
        connection.execute(sa.insert(reports).values(report_row(report, report_id, versions)))
        for table, rows in ((reviews, kept.reviews), (superseded, lost), *rows_of(decided, report_id)):
            _insert(connection, table, rows)
        rest = [dict(o) | {"duplicate": o["duplicate"] or "same text"} for o in others if o["source"] != report.source]
        _insert(connection, sources, rest)
        known = self._point(connection, report.source, report.source_sha256, report_id, None)
        return "redone" if before is not None or known else "new"

    def _point(self, connection: Connection, source: str, digest: str, report_id: str, duplicate: str | None) -> bool:
        """Say which report a source holds; a report that no source holds any more goes."""
        old = connection.execute(sa.select(sources.c.report_id).where(sources.c.source == source)).scalar()
        connection.execute(sa.delete(sources).where(sources.c.source == source))
        row = {"source": source, "source_sha256": digest, "report_id": report_id, "duplicate": duplicate}
        connection.execute(sa.insert(sources).values(row))
        if old is not None and old != report_id:
            _hand_over(connection, old)
        return old is not None

    def fail(self, source: str, reason: str) -> None:
        """Note that a source could not be processed."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(failures).where(failures.c.source == source))
            connection.execute(sa.insert(failures).values(source=source, reason=reason, run_id=self.run_id))

    def finish(self, status: str, counts: Mapping[str, int]) -> None:
        """Close the run's row with its status ("done" or "stopped") and counts."""
        with self._engine.begin() as connection:
            row = {"finished": _now(), "status": status, "counts": dict(counts)}
            connection.execute(sa.update(runs).where(runs.c.run_id == self.run_id).values(row))


def _current(condition: sa.ColumnElement[bool], versions: Versions) -> sa.Select[Any]:
    """Reports of today's versions under a condition on `reports` or `sources`."""
    return (
        sa.select(reports.c.report_id, reports.c.source, reports.c.source_sha256)
        .join(sources, sources.c.report_id == reports.c.report_id)
        .where(condition, *(reports.c[name] == value for name, value in asdict(versions).items()))
    )


def _hand_over(connection: Connection, report_id: str) -> None:
    """Delete a report that has lost its last source, unless people reviewed it, or name another source as the one it was read from."""
    left = connection.execute(
        sa.select(sources.c.source, sources.c.source_sha256)
        .where(sources.c.report_id == report_id)
        .order_by(sources.c.source)
    ).first()
    if left is None:
        reviewed = sa.exists().where(reviews.c.report_id == reports.c.report_id)
        connection.execute(sa.delete(reports).where(reports.c.report_id == report_id, ~reviewed))
        return
    row = {"source": left.source, "source_sha256": left.source_sha256}
    connection.execute(sa.update(reports).where(reports.c.report_id == report_id).values(row))
    connection.execute(sa.update(sources).where(sources.c.source == left.source).values(duplicate=None))


def _insert(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
