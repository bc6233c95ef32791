"""Check a store against the texts in it."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from pipeline.annotate.verdicts import reading_fault
from pipeline.errors import OffsetError, StoreError
from pipeline.report import sha256
from pipeline.store.kept import keep
from pipeline.store.refusals import sqlite_code
from pipeline.store.reports import TEXTS
from pipeline.store.review_rows import finding_of, reading_of
from pipeline.store.schema import actors, addressees, findings, recommendations, reports
from pipeline.store.transactions import reading


def verify(engine: Engine) -> Iterator[str]:
    """Yield a line for everything in the store that does not hold: damage, changed texts, quotes that are not the words."""
    if engine.dialect.name == "sqlite":
        yield from _index_faults(engine)
    with reading(engine) as connection:
        if engine.dialect.name == "sqlite":
            yield from _sqlite_faults(connection)
        query = sa.select(reports.c.report_id, reports.c.text, reports.c.text_sha256).order_by(reports.c.report_id)
        with connection.execute(query, execution_options={"yield_per": TEXTS}) as found:
            for report in found:
                if sha256(report.text.encode()) != report.text_sha256:
                    yield f"{report.report_id}: the text is not the one that was read (its hash differs)"
                yield from _broken_quotes(connection, report.report_id, report.text)
                yield from _broken_reviews(connection, report.report_id, report.text)


def _index_faults(engine: Engine) -> Iterator[str]:
    """Whether the full-text index holds the words of the findings; FTS5 tells only who may write."""
    check = "INSERT INTO findings_fts(findings_fts, rank) VALUES ('integrity-check', 1)"
    try:
        with engine.begin() as connection:
            connection.execute(sa.text(check))
    except StoreError as error:
        code = sqlite_code(error.__cause__)
        if code == sqlite3.SQLITE_CORRUPT:
            yield "store: the full-text index is damaged, or does not hold the words of the findings"
        elif code != sqlite3.SQLITE_READONLY:
            raise


def _sqlite_faults(connection: Connection) -> Iterator[str]:
    for (line,) in connection.execute(sa.text("PRAGMA integrity_check")):
        if line != "ok":
            yield f"store: {line}"
    for row in connection.execute(sa.text("PRAGMA foreign_key_check")):
        yield f"store: row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there"


def _broken_quotes(connection: Connection, report_id: str, text: str) -> Iterator[str]:
    for what, query in _quotes(report_id):
        for key, start, end, words in connection.execute(query):
            if not 0 <= start < end <= len(text) or text[start:end] != words:
                yield f"{report_id}: {what} {key} [{start}, {end}) reads {text[start:end][:60]!r}, not {words[:60]!r}"


def _broken_reviews(connection: Connection, report_id: str, text: str) -> Iterator[str]:
    """Reviews that do not fit the text, and superseded findings that are not its words."""
    kept = keep(connection, report_id)
    for row in kept.reviews:
        fault = reading_fault(reading_of(row, sha256(text.encode())), text)
        if fault:
            yield f"{report_id}: review {row['review_id']} by {row['annotator']}: {fault}"
    for row in kept.superseded:
        try:
            finding_of(row).check(text)
        except OffsetError as error:
            yield f"{report_id}: superseded {row['superseded_id']}: {error}"


def _quotes(report_id: str) -> Iterator[tuple[str, sa.Select[Any]]]:
    """Everything that claims to be words of a report: key, start, end, words."""
    f, a, r, to = findings.c, actors.c, recommendations.c, addressees.c
    mine, called = f.report_id == report_id, r.report_id == report_id
    yield "finding", sa.select(f.finding_id, f.start_char, f.end_char, f.quote).where(mine)
    named = sa.select(a.finding_id, a.start_char, a.end_char, a.text)
    yield "actor", named.join(findings, f.finding_id == a.finding_id).where(mine)
    said = sa.select(f.finding_id, f.speaker_start_char, f.speaker_end_char, f.speaker)
    yield "speaker", said.where(mine, f.speaker.is_not(None))
    yield "recommendation", sa.select(r.recommendation_id, r.start_char, r.end_char, r.quote).where(called)
    asked = sa.select(to.recommendation_id, to.start_char, to.end_char, to.text)
    yield "addressee", asked.join(recommendations, r.recommendation_id == to.recommendation_id).where(called)
