"""Put analysed reports into the tables of a store, on a connection whose turn it is to write."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from pipeline.report import Analysed
from pipeline.store.bulk import insert_rows
from pipeline.store.kept import Kept, keep
from pipeline.store.rows import Row, report_id_of, report_row, rows_of
from pipeline.store.schema import failures, reports, reviews, sources, superseded

Outcome = Literal["new", "redone", "duplicate"]


def put_all(connection: Connection, batch: Sequence[Analysed], versions: Mapping[str, str]) -> list[Outcome]:
    """Put reports in, in place of what their sources or their texts had before, as if one by one; the new ones table by table."""
    names = [analysed.report.source for analysed in batch]
    digests = [analysed.report.text_sha256 for analysed in batch]
    connection.execute(sa.delete(failures).where(failures.c.source.in_(names)))
    taken = {*_among(connection, sources.c.source, names), *_among(connection, reports.c.text_sha256, digests)}
    outcomes: list[Outcome] = []
    fresh: list[Analysed] = []
    for analysed, name, digest in zip(batch, names, digests, strict=True):
        if taken.isdisjoint((name, digest)):
            fresh.append(analysed)
            outcomes.append("new")
        else:
            _put_new(connection, fresh, versions)
            fresh.clear()
            outcomes.append(_put(connection, analysed, versions))
        taken |= {name, digest}
    _put_new(connection, fresh, versions)
    return outcomes


def current(condition: sa.ColumnElement[bool], versions: Mapping[str, str]) -> sa.Select[Any]:
    """Reports of these versions under a condition on `reports` or `sources`."""
    return (
        sa.select(reports.c.report_id, reports.c.source, reports.c.source_sha256)
        .join(sources, sources.c.report_id == reports.c.report_id)
        .where(condition, *(reports.c[name] == value for name, value in versions.items()))
    )


def point(connection: Connection, source: str, digest: str, report_id: str, duplicate: str | None) -> bool:
    """Say which report a source holds; a report that no source holds any more goes. Tell whether the source held one before."""
    old = connection.execute(sa.select(sources.c.report_id).where(sources.c.source == source)).scalar()
    connection.execute(sa.delete(sources).where(sources.c.source == source))
    row = {"source": source, "source_sha256": digest, "report_id": report_id, "duplicate": duplicate}
    connection.execute(sa.insert(sources).values(row))
    if old is not None and old != report_id:
        _hand_over(connection, old)
    return old is not None


def _among(connection: Connection, column: sa.Column[str], wanted: Sequence[str]) -> set[str]:
    return set(connection.execute(sa.select(column).where(column.in_(wanted))).scalars())


def _put_new(connection: Connection, fresh: Sequence[Analysed], versions: Mapping[str, str]) -> None:
    """Put in reports whose texts and sources the store does not know."""
    held: dict[sa.Table, list[Row]] = {reports: [], sources: []}
    for analysed in fresh:
        report, report_id = analysed.report, report_id_of(analysed.report)
        held[reports].append(report_row(report, report_id, versions))
        held[sources].append(
            {"source": report.source, "source_sha256": report.source_sha256, "report_id": report_id, "duplicate": None}
        )
        for table, rows in rows_of(analysed, report_id):
            held.setdefault(table, []).extend(rows)
    for table, rows in held.items():
        insert_rows(connection, table, rows)


def _put(connection: Connection, analysed: Analysed, versions: Mapping[str, str]) -> Outcome:
    """Put in a report whose source or text the store knows; a text that it has from another source is only noted."""
    report = analysed.report
    same = connection.execute(current(reports.c.text_sha256 == report.text_sha256, versions)).first()
    if same is None or same.source == report.source:
        return _replace(connection, analysed, versions)
    known = sa.select(sources.c.source).where(
        sources.c.report_id == same.report_id, sources.c.source_sha256 == report.source_sha256
    )
    kind = "same bytes" if connection.execute(known).first() else "same text"
    point(connection, report.source, report.source_sha256, same.report_id, kind)
    return "duplicate"


def _replace(connection: Connection, analysed: Analysed, versions: Mapping[str, str]) -> Outcome:
    report = analysed.report
    before = connection.execute(
        sa.select(reports.c.report_id, reports.c.source_sha256).where(reports.c.text_sha256 == report.text_sha256)
    ).first()
    others: Sequence[RowMapping] = ()
    kept = Kept()
    if before is not None:
        kept = keep(connection, before.report_id, same_file=before.source_sha256 == report.source_sha256)
        others = connection.execute(sa.select(sources).where(sources.c.report_id == before.report_id)).mappings().all()
        connection.execute(sa.delete(reports).where(reports.c.report_id == before.report_id))
    report_id = before.report_id if before is not None else report_id_of(report)
    decided, lost = kept.decide(analysed, report_id, versions)
    insert_rows(connection, reports, [report_row(report, report_id, versions)])
    for table, rows in ((reviews, kept.reviews), (superseded, lost), *rows_of(decided, report_id)):
        insert_rows(connection, table, rows)
    rest = [dict(o) | {"duplicate": o["duplicate"] or "same text"} for o in others if o["source"] != report.source]
    insert_rows(connection, sources, rest)
    known = point(connection, report.source, report.source_sha256, report_id, None)
    return "redone" if before is not None or known else "new"


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
