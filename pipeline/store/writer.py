"""Write to a store: a report and all that hangs on it goes in or out in one transaction."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from pipeline.report import Finding, Page, Passage, Report, sha256
from pipeline.store.schema import (
    actors,
    failures,
    finding_categories,
    findings,
    pages,
    passages,
    reports,
    runs,
    sources,
)

Outcome = Literal["new", "redone", "duplicate"]


@dataclass(frozen=True, slots=True)
class Versions:
    """What decides an answer besides the text; a report is redone when one of them differs."""

    model: str
    taxonomy: str
    pipeline: str


@dataclass(frozen=True, slots=True)
class Analysed:
    """A report with everything that was found in it."""

    report: Report
    passages: tuple[Passage, ...]
    findings: tuple[Finding, ...]


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
        for finding in analysed.findings:
            finding.check(report.text)
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
            sa.select(reports.c.report_id, reports.c.source).where(reports.c.text_sha256 == report.text_sha256)
        ).first()
        others: Sequence[RowMapping] = ()
        if before is not None:
            others = (
                connection.execute(sa.select(sources).where(sources.c.report_id == before.report_id)).mappings().all()
            )
            connection.execute(sa.delete(reports).where(reports.c.report_id == before.report_id))
        report_id = before.report_id if before is not None else report_id_of(report)
        row: dict[str, Any] = {
            name: report.metadata.get(name)
            for name in ("title", "date", "area", "receiver", "url", "coroner", "category")
        }
        row |= {
            "report_id": report_id,
            "source": report.source,
            "source_sha256": report.source_sha256,
            "text": report.text,
            "text_sha256": report.text_sha256,
            "words": len(report.text.split()),
            **asdict(self._versions),
        }
        connection.execute(sa.insert(reports).values(row))
        self._insert_parts(connection, report_id, report.pages, analysed.passages)
        self._insert_findings(connection, report_id, report.text_sha256, analysed.findings)
        kept = [dict(o) | {"duplicate": o["duplicate"] or "same text"} for o in others if o["source"] != report.source]
        _insert(connection, sources, kept)
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

    def _insert_parts(
        self, connection: Connection, report_id: str, report_pages: Iterable[Page], parts: Iterable[Passage]
    ) -> None:
        _insert(
            connection,
            pages,
            [
                {
                    "report_id": report_id,
                    "number": p.number,
                    "start_char": p.start,
                    "end_char": p.end,
                    "width": p.width,
                    "height": p.height,
                }
                for p in report_pages
            ],
        )
        _insert(
            connection,
            passages,
            [{"report_id": report_id, "start_char": p.start, "end_char": p.end, "section": p.section} for p in parts],
        )

    def _insert_findings(
        self, connection: Connection, report_id: str, text_sha256: str, found: Sequence[Finding]
    ) -> None:
        ids = [finding_id_of(text_sha256, f) for f in found]
        _insert(
            connection,
            findings,
            [
                {
                    "id": int(key, 16) >> 1,
                    "finding_id": key,
                    "report_id": report_id,
                    "start_char": f.start,
                    "end_char": f.end,
                    "quote": f.quote,
                    "section": f.section,
                    "page": f.page,
                    "boxes": [[b.page, *(round(v, 2) for v in (b.x0, b.y0, b.x1, b.y1))] for b in f.boxes],
                    "assertion": f.assertion,
                    "assertion_score": f.assertion_score,
                    "needs_review": f.needs_review,
                }
                for key, f in zip(ids, found, strict=True)
            ],
        )
        _insert(
            connection,
            finding_categories,
            [
                {"finding_id": key, "category": c.id, "score": c.score}
                for key, f in zip(ids, found, strict=True)
                for c in f.categories
            ],
        )
        _insert(
            connection,
            actors,
            [
                {
                    "finding_id": key,
                    "start_char": a.start,
                    "end_char": a.end,
                    "text": a.text,
                    "agency": a.agency,
                    "agency_type": a.agency_type,
                }
                for key, f in zip(ids, found, strict=True)
                for a in f.actors
            ],
        )

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


def report_id_of(report: Report) -> str:
    """A readable id that follows from the source's name and the text: the same wherever and whenever it is read."""
    stem = PurePosixPath(report.source.rpartition("#")[2] or report.source).stem
    slug = re.sub(r"[^a-z0-9]+", "-", stem.casefold()).strip("-")[:48] or "report"
    return f"{slug}-{report.text_sha256[:8]}"


def finding_id_of(text_sha256: str, finding: Finding) -> str:
    """Sixteen hexadecimal digits that follow from the report's text and the finding's place in it."""
    return sha256(f"{text_sha256}:{finding.start}:{finding.end}".encode())[:16]


def _current(condition: sa.ColumnElement[bool], versions: Versions) -> sa.Select[Any]:
    """Reports of today's versions under a condition on `reports` or `sources`."""
    return (
        sa.select(reports.c.report_id, reports.c.source, reports.c.source_sha256)
        .join(sources, sources.c.report_id == reports.c.report_id)
        .where(condition, *(reports.c[name] == value for name, value in asdict(versions).items()))
    )


def _hand_over(connection: Connection, report_id: str) -> None:
    """Delete a report that has lost its last source, or name another of its sources as the one it was read from."""
    left = connection.execute(
        sa.select(sources.c.source, sources.c.source_sha256)
        .where(sources.c.report_id == report_id)
        .order_by(sources.c.source)
    ).first()
    if left is None:
        connection.execute(sa.delete(reports).where(reports.c.report_id == report_id))
        return
    row = {"source": left.source, "source_sha256": left.source_sha256}
    connection.execute(sa.update(reports).where(reports.c.report_id == report_id).values(row))
    connection.execute(sa.update(sources).where(sources.c.source == left.source).values(duplicate=None))


def _insert(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
