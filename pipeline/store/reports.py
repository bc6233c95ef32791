"""Read reports back from a store: with all that they say of themselves and ask for, or by any of their names."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from pipeline.errors import UsageError
from pipeline.report import Passage
from pipeline.store.reader import Filter, named_row
from pipeline.store.schema import addressees, answers, facts, passages, recommendations, reports, sources
from pipeline.store.transactions import reading

TEXTS = 50


def read_reports(
    engine: Engine, *, report_id: str | None = None, wanted: Filter | None = None
) -> Iterator[dict[str, Any]]:
    """Yield every report, or one, with its text, all its sources, what it says of itself and its recommendations, sorted by id.

    Of a filter, what it asks of reports counts, not what it asks of findings.
    """
    with reading(engine) as connection:
        yield from reports_on(connection, report_id=report_id, wanted=wanted)


def reports_on(
    connection: Connection, *, report_id: str | None = None, wanted: Filter | None = None
) -> Iterator[dict[str, Any]]:
    """As `read_reports`, on a connection that reads other things too."""
    query = sa.select(reports).where((wanted or Filter()).report_condition()).order_by(reports.c.report_id)
    if report_id:
        query = query.where(reports.c.report_id == report_id)
    with connection.execute(query, execution_options={"yield_per": TEXTS}) as result:
        for row in result.mappings():
            yield {**row, **_about(connection, row["report_id"])}


def _about(connection: Connection, report_id: str) -> dict[str, Any]:
    """What other tables hold of a report."""
    names = sa.select(sources.c.source).where(sources.c.report_id == report_id).order_by(sources.c.source)
    said = sa.select(facts).where(facts.c.report_id == report_id).order_by(facts.c.number)
    return {
        "sources": list(connection.execute(names).scalars()),
        "facts": [
            {"field": f["field"], "value": f["value"], "start": f["start_char"], "end": f["end_char"]}
            for f in connection.execute(said).mappings()
        ],
        "recommendations": list(_recommendations(connection, report_id)),
    }


def _recommendations(connection: Connection, report_id: str) -> Iterator[dict[str, Any]]:
    calls = sa.select(recommendations).where(recommendations.c.report_id == report_id)
    for row in connection.execute(calls.order_by(recommendations.c.start_char)).mappings().all():
        key = row["recommendation_id"]
        to = sa.select(addressees).where(addressees.c.recommendation_id == key).order_by(addressees.c.start_char)
        answered = sa.select(answers.c.finding_id).where(answers.c.recommendation_id == key)
        deadline = {"value": row["deadline"], "start": row["deadline_start_char"], "end": row["deadline_end_char"]}
        yield {
            "recommendation_id": key, "start": row["start_char"], "end": row["end_char"], "quote": row["quote"],
            "concern": row["concern"], "deadline": deadline if row["deadline"] else None,
            "addressees": [named_row(a) for a in connection.execute(to).mappings()],
            "answers": sorted(connection.execute(answered).scalars()),
        }  # fmt: skip


def find_report(engine: Engine, name: str) -> dict[str, Any]:
    """The one report with this id, source, file name, or beginning of an id; raise UsageError when none or several fit."""
    with reading(engine) as connection:
        for condition in (
            reports.c.report_id == name,
            reports.c.report_id.in_(sa.select(sources.c.report_id).where(sources.c.source == name)),
            reports.c.report_id.in_(
                sa.select(sources.c.report_id).where(sources.c.source.iendswith("/" + name, autoescape=True))
            ),
            reports.c.report_id.istartswith(name, autoescape=True),
        ):
            rows = (
                connection.execute(sa.select(reports).where(condition).order_by(reports.c.report_id).limit(9))
                .mappings()
                .all()
            )
            if len(rows) == 1:
                return dict(rows[0])
            if rows:
                raise UsageError(f"{name!r} fits several reports: {', '.join(r['report_id'] for r in rows)}")
    raise UsageError(f"no report {name!r} in the store; `failings search` lists report ids")


def read_passages(engine: Engine, report_id: str) -> tuple[Passage, ...]:
    """The passages of a report in order."""
    query = sa.select(passages).where(passages.c.report_id == report_id).order_by(passages.c.start_char)
    with reading(engine) as connection:
        rows = connection.execute(query).mappings()
        return tuple(Passage(row["start_char"], row["end_char"], row["section"]) for row in rows)


def report_ids(engine: Engine) -> list[str]:
    """The ids of all reports, sorted."""
    with reading(engine) as connection:
        return list(connection.execute(sa.select(reports.c.report_id).order_by(reports.c.report_id)).scalars())


def read_report_of_text(engine: Engine, text_sha256: str) -> dict[str, Any] | None:
    """The report with this text, as `read_reports` gives it, or None."""
    query = sa.select(reports.c.report_id).where(reports.c.text_sha256 == text_sha256)
    with reading(engine) as connection:
        report_id = connection.execute(query).scalar()
    return next(read_reports(engine, report_id=report_id), None) if report_id else None
