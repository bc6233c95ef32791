"""Read findings back from a store, streamed in order of report and place, and count them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from pipeline.store.schema import actors, facts, finding_categories, findings, reports, sources
from pipeline.store.transactions import reading
from pipeline.store.words import has_words
from pipeline.taxonomy import Taxonomy

BATCH = 500
ISO_DATE, LAST_DATE = "____-__-__", "9999-12-31"
STATED = ("date", "area")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which findings to read; None lets everything through.

    `words` is a full-text query. `score` is the least that the category asked for reaches, or any category. Dates are whole ISO
    dates, both included; with them, `area` and `source_kind` ask what a report says of itself (table `facts`).
    """

    words: str | None = None
    category: str | None = None
    agency: str | None = None
    assertion: str | None = None
    report: str | None = None
    agency_type: str | None = None
    score: float | None = None
    reviewed: bool | None = None
    date_from: str | None = None
    date_to: str | None = None
    area: str | None = None
    source_kind: str | None = None

    def condition(self) -> sa.ColumnElement[bool]:
        """The filter as a condition on `findings`."""
        return sa.and_(sa.true(), *self._of_finding(), *self._of_report(findings.c.report_id))

    def report_condition(self) -> sa.ColumnElement[bool]:
        """What it asks of reports, as a condition on `reports`; what it asks of findings is left out."""
        return sa.and_(sa.true(), *self._of_report(reports.c.report_id))

    def _of_report(self, report_id: sa.Column[str]) -> Iterator[sa.ColumnElement[bool]]:
        value = facts.c.value
        if self.report:
            yield report_id == self.report
        if self.date_from or self.date_to:
            dated = [value.like(ISO_DATE), value >= (self.date_from or ""), value <= (self.date_to or LAST_DATE)]
            yield report_id.in_(_saying("date", *dated))
        if self.area:
            yield report_id.in_(_saying("area", sa.func.lower(value).contains(self.area.casefold(), autoescape=True)))
        if self.source_kind:
            yield report_id.in_(_saying("document_type", value == self.source_kind))

    def _of_finding(self) -> Iterator[sa.ColumnElement[bool]]:
        if self.assertion:
            yield findings.c.assertion == self.assertion
        if self.reviewed is not None:
            yield findings.c.reviewed_by.is_not(None) if self.reviewed else findings.c.reviewed_by.is_(None)
        if self.category or self.score is not None:
            yield findings.c.finding_id.in_(self._about())
        if self.agency:
            yield findings.c.finding_id.in_(_naming(self.agency.casefold()))
        if self.agency_type:
            of_kind = sa.select(actors.c.finding_id).where(actors.c.agency_type == self.agency_type)
            yield findings.c.finding_id.in_(of_kind)
        if self.words:
            yield has_words(self.words)

    def _about(self) -> sa.Select[Any]:
        about = sa.select(finding_categories.c.finding_id)
        if self.category:
            about = about.where(finding_categories.c.category == self.category)
        return about.where(finding_categories.c.score >= self.score) if self.score is not None else about


def _saying(field: str, *terms: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Ids of reports that say something of themselves."""
    return sa.select(facts.c.report_id).where(facts.c.field == field, *terms)


def _naming(wanted: str) -> sa.Select[Any]:
    """Ids of findings that name an agency, a kind of agency, or a role, in lower case."""
    return sa.select(actors.c.finding_id).where(
        sa.func.lower(actors.c.agency).contains(wanted, autoescape=True)
        | (sa.func.lower(actors.c.text) == wanted)
        | (actors.c.agency_type == wanted)
    )


def categories_found(engine: Engine) -> set[str]:
    """Ids of the categories that any finding has."""
    with reading(engine) as connection:
        return set(connection.execute(sa.select(finding_categories.c.category).distinct()).scalars())


def read_findings(engine: Engine, wanted: Filter | None = None) -> Iterator[dict[str, Any]]:
    """Yield findings as export records (`docs/export.md`), sorted by report and start: those of the moment of the first."""
    with reading(engine) as connection:
        yield from findings_on(connection, wanted or Filter())


def findings_on(connection: Connection, wanted: Filter) -> Iterator[dict[str, Any]]:
    """As `read_findings`, on a connection that reads other things too."""
    place = (findings.c.report_id, findings.c.start_char, findings.c.end_char)
    query = sa.select(findings).where(wanted.condition()).order_by(*place)
    with connection.execute(query, execution_options={"yield_per": BATCH}) as result:
        for part in result.mappings().partitions(BATCH):
            yield from _records(connection, part)


def _records(connection: Connection, part: Sequence[RowMapping]) -> Iterator[dict[str, Any]]:
    ids = [row["finding_id"] for row in part]
    about = _reports(connection, {row["report_id"] for row in part})
    categories = _by_finding(connection, finding_categories, ids, "score", descending=True)
    named = _by_finding(connection, actors, ids, "start_char")
    for row in part:
        key = row["finding_id"]
        yield _record(row, about[row["report_id"]], categories.get(key, []), named.get(key, []))


def _reports(connection: Connection, ids: set[str]) -> dict[str, dict[str, Any]]:
    """What a finding's record says of its report; where no column gave date and area, the report's own words do."""
    c = reports.c
    columns = (c.report_id, c.source, c.source_sha256, c.url, c.title, c.date, c.area, c.model, c.taxonomy, c.pipeline)
    found = {
        row["report_id"]: dict(row)
        for row in connection.execute(sa.select(*columns).where(c.report_id.in_(ids))).mappings()
    }
    said = sa.select(facts.c.report_id, facts.c.field, facts.c.value).where(
        facts.c.report_id.in_(ids), facts.c.field.in_(STATED)
    )
    for report_id, field, value in connection.execute(said.order_by(facts.c.report_id, facts.c.number)):
        found[report_id][field] = found[report_id][field] or value
    return found


def _by_finding(
    connection: Connection, table: sa.Table, ids: list[str], order: str, *, descending: bool = False
) -> dict[str, list[RowMapping]]:
    first = table.c[order].desc() if descending else table.c[order]
    query = sa.select(table).where(table.c.finding_id.in_(ids)).order_by(table.c.finding_id, first, *table.primary_key)
    rows = connection.execute(query).mappings().all()
    return {key: list(group) for key, group in groupby(rows, key=lambda r: str(r["finding_id"]))}


def _record(
    row: RowMapping, report: Mapping[str, Any], categories: Sequence[RowMapping], named: Sequence[RowMapping]
) -> dict[str, Any]:
    speaker = {"start": row["speaker_start_char"], "end": row["speaker_end_char"], "text": row["speaker"],
               "kind": row["speaker_kind"]}  # fmt: skip
    return {
        "finding_id": row["finding_id"], "report_id": row["report_id"], "source": report["source"],
        "source_url": report["url"], "source_sha256": report["source_sha256"], "title": report["title"],
        "date": report["date"], "area": report["area"], "section": row["section"], "concern": row["concern"], "page": row["page"],
        "boxes": [box[1:] for box in row["boxes"]], "box_pages": [box[0] for box in row["boxes"]],
        "start": row["start_char"], "end": row["end_char"], "quote": row["quote"], "link": row["link"],
        "assertion": row["assertion"], "assertion_score": row["assertion_score"],
        "categories": [{"id": c["category"], "score": c["score"]} for c in categories],
        "actors": [{**named_row(a), "role": a["role"]} for a in named if a["role"] != "mentioned"],
        "mentioned": [named_row(a) for a in named if a["role"] == "mentioned"],
        "speaker": speaker if row["speaker"] else None,
        "needs_review": row["needs_review"], "reviewed_by": row["reviewed_by"],
        "model": report["model"], "taxonomy": report["taxonomy"], "pipeline": report["pipeline"],
    }  # fmt: skip


def named_row(row: RowMapping) -> dict[str, Any]:
    """Somebody named, as exported."""
    return {"start": row["start_char"], "end": row["end_char"], "text": row["text"], "agency": row["agency"],
            "agency_type": row["agency_type"], "resolved": row["resolved"]}  # fmt: skip


def count_by_category(engine: Engine, taxonomy: Taxonomy) -> dict[str, tuple[int, int]]:
    """Findings and reports per category, in the taxonomy's order, without those of which there are none."""
    query = (
        sa.select(finding_categories.c.category, sa.func.count(), sa.func.count(findings.c.report_id.distinct()))
        .join(findings, findings.c.finding_id == finding_categories.c.finding_id)
        .group_by(finding_categories.c.category)
    )
    with reading(engine) as connection:
        counts = {category: (mentions, in_reports) for category, mentions, in_reports in connection.execute(query)}
    order = {category: at for at, category in enumerate(taxonomy.ids)}
    return dict(sorted(counts.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))


def count_totals(engine: Engine) -> dict[str, int]:
    """Reports, sources, findings, and findings that need review."""
    counts = {
        "reports": sa.select(sa.func.count()).select_from(reports),
        "sources": sa.select(sa.func.count()).select_from(sources),
        "findings": sa.select(sa.func.count()).select_from(findings),
        "needs_review": sa.select(sa.func.count()).select_from(findings).where(findings.c.needs_review),
    }
    with reading(engine) as connection:
        return {name: connection.execute(query).scalar_one() for name, query in counts.items()}
