"""Write a run into a store: a report and all that hangs on it goes in or out in one transaction."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from pipeline.errors import Unreadable
from pipeline.report import Analysed, Report
from pipeline.store.put import Outcome, current, point, put_all
from pipeline.store.schema import failures, reports, runs, sources
from pipeline.store.transactions import in_turn, look

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Versions:
    """What decides an answer besides the text; a report is redone when one of them differs."""

    model: str
    taxonomy: str
    pipeline: str


class Writer:
    """Writes one run into an open store, in turns with other writers; StoreError where the store cannot be written."""

    def __init__(self, engine: Engine, versions: Versions, options: Mapping[str, Any]) -> None:
        self._engine = engine
        self._versions = asdict(versions)
        row = {"started": _now(), "status": "running", "options": dict(options), **self._versions}
        self.run_id = in_turn(engine, lambda connection: _begin(connection, row))
        self._done = look(engine, lambda connection: _done(connection, self._versions))
        self._failed = look(engine, lambda connection: set(connection.execute(sa.select(failures.c.source)).scalars()))

    def is_done(self, source: str, digest: str) -> bool:
        """Whether the source is in the store as it is now. The same bytes under another name are noted as a duplicate."""
        if self._done.get(source) == digest and source not in self._failed:
            return True
        known = current(sources.c.source_sha256 == digest, self._versions)
        if look(self._engine, lambda connection: connection.execute(known).first()) is None:
            return False
        return in_turn(self._engine, lambda connection: _note(connection, source, digest, self._versions))

    def add(self, analysed: Analysed) -> Outcome:
        """Put a report in, in place of what its source or its text had before; the same text elsewhere is only noted."""
        return self.add_all([analysed])[0]

    def add_all(self, batch: Sequence[Analysed]) -> list[Outcome]:
        """As `add` of one after the other, in one transaction: many together take a third of the time."""
        if not batch:
            return []
        for analysed in batch:
            check(analysed)
        return in_turn(self._engine, lambda connection: put_all(connection, batch, self._versions))

    def fail(self, source: str, reason: str) -> None:
        """Note that a source could not be processed."""
        row = {"source": source, "reason": _UNSTORABLE.sub("\ufffd", reason), "run_id": self.run_id}
        in_turn(self._engine, lambda connection: _fail(connection, row))
        self._failed.add(source)

    def finish(self, status: str, counts: Mapping[str, int]) -> None:
        """Close the run's row with its status ("done" or "stopped") and counts."""
        row = {"finished": _now(), "status": status, "counts": dict(counts)}
        update = sa.update(runs).where(runs.c.run_id == self.run_id).values(row)
        in_turn(self._engine, lambda connection: connection.execute(update) and None)


def check(analysed: Analysed) -> None:
    """Raise OffsetError for a finding that does not fit its text, Unreadable for a text that not every store can hold."""
    analysed.check()
    report = analysed.report
    for what, text in _texts(report):
        if wrong := _UNSTORABLE.search(text):
            raise Unreadable(
                f"{report.source!a}: {what} has the character U+{ord(wrong[0]):04X} at {wrong.start()}, which a store cannot hold: "
                "put U+FFFD in its place before the report is analysed"
            )


def _texts(report: Report) -> Sequence[tuple[str, str]]:
    return (("the text", report.text), ("the source", report.source), *report.metadata.items())


def _begin(connection: Connection, row: Mapping[str, Any]) -> int:
    key = connection.execute(sa.insert(runs).values(row)).inserted_primary_key
    return int(key[0]) if key else 0


def _done(connection: Connection, versions: Mapping[str, str]) -> dict[str, str]:
    """Sources whose reports are of these versions, with the digests of what they held."""
    query = sa.select(sources.c.source, sources.c.source_sha256).join(
        reports, reports.c.report_id == sources.c.report_id
    )
    rows = connection.execute(query.where(*(reports.c[name] == value for name, value in versions.items())))
    return {source: digest for source, digest in rows}  # noqa: C416  (rows are not pairs to mypy)


def _note(connection: Connection, source: str, digest: str, versions: Mapping[str, str]) -> bool:
    """Look once more, as another run may have been here; then note the source as one of the report that has its bytes."""
    row = connection.execute(current(sources.c.source_sha256 == digest, versions)).first()
    if row is None:
        return False
    known = connection.execute(sa.select(sources.c.report_id).where(sources.c.source == source)).scalar()
    if known != row.report_id:
        point(connection, source, digest, row.report_id, "same bytes")
    connection.execute(sa.delete(failures).where(failures.c.source == source))
    return True


def _fail(connection: Connection, row: Mapping[str, Any]) -> None:
    connection.execute(sa.delete(failures).where(failures.c.source == row["source"]))
    connection.execute(sa.insert(failures).values(row))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
