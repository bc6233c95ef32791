"""Read findings back from a store, streamed in order of report and place, and count them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from pipeline.store.schema import actors, finding_categories, findings, reports, sources
from pipeline.taxonomy import Taxonomy

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which findings to read; None lets everything through. `words` is a full-text query."""

    words: str | None = None
    category: str | None = None
    agency: str | None = None
    assertion: str | None = None
    report: str | None = None

    def condition(self) -> sa.ColumnElement[bool]:
        """The filter as a condition on `findings`."""
        terms: list[sa.ColumnElement[bool]] = [sa.true()]
        if self.report:
            terms.append(findings.c.report_id == self.report)
        if self.assertion:
            terms.append(findings.c.assertion == self.assertion)
        if self.category:
            about = sa.select(finding_categories.c.finding_id).where(finding_categories.c.category == self.category)
            terms.append(findings.c.finding_id.in_(about))
        if self.agency:
            wanted = self.agency.casefold()
            named = sa.select(actors.c.finding_id).where(
                sa.func.lower(actors.c.agency).contains(wanted, autoescape=True)
                | (sa.func.lower(actors.c.text) == wanted)
                | (actors.c.agency_type == wanted)
            )
            terms.append(findings.c.finding_id.in_(named))
        if self.words:
            match = sa.text("SELECT rowid FROM findings_fts WHERE findings_fts MATCH :words").bindparams(
                words=_query(self.words)
            )
            terms.append(findings.c.id.in_(match.columns(sa.column("rowid", sa.Integer)).scalar_subquery()))
        return sa.and_(*terms)


def categories_found(engine: Engine) -> set[str]:
    """Ids of the categories that any finding has."""
    with engine.connect() as connection:
        return set(connection.execute(sa.select(finding_categories.c.category).distinct()).scalars())


def _query(words: str) -> str:
    """Every word must stand in the quote; a part in double quotes is a phrase."""
    parts = words.split('"')
    terms = [p for i, part in enumerate(parts) for p in ([part] if i % 2 else part.split()) if p.strip()]
    return " ".join(f'"{term}"' for term in terms)


def read_findings(engine: Engine, wanted: Filter | None = None) -> Iterator[dict[str, Any]]:
    """Yield findings as export records (`docs/export.md`), sorted by report and start."""
    query = (
        sa.select(
            findings,
            reports.c.source,
            reports.c.source_sha256,
            reports.c.url,
            reports.c.title,
            reports.c.date,
            reports.c.area,
            reports.c.model,
            reports.c.taxonomy,
            reports.c.pipeline,
        )
        .join(reports, reports.c.report_id == findings.c.report_id)
        .where((wanted or Filter()).condition())
        .order_by(findings.c.report_id, findings.c.start_char, findings.c.end_char)
    )
    with engine.connect() as connection:
        rows = connection.execution_options(yield_per=BATCH).execute(query).mappings()
        for part in rows.partitions(BATCH):
            ids = [row["finding_id"] for row in part]
            categories = _by_finding(connection, finding_categories, ids, "score", descending=True)
            named = _by_finding(connection, actors, ids, "start_char")
            for row in part:
                yield _record(row, categories.get(row["finding_id"], []), named.get(row["finding_id"], []))


def _by_finding(
    connection: Connection, table: sa.Table, ids: list[str], order: str, *, descending: bool = False
) -> dict[str, list[RowMapping]]:
    first = table.c[order].desc() if descending else table.c[order]
    query = sa.select(table).where(table.c.finding_id.in_(ids)).order_by(table.c.finding_id, first, *table.primary_key)
    rows = connection.execute(query).mappings().all()
    return {key: list(group) for key, group in groupby(rows, key=lambda r: str(r["finding_id"]))}


def _record(row: RowMapping, categories: Sequence[RowMapping], named: Sequence[RowMapping]) -> dict[str, Any]:
    speaker = {"start": row["speaker_start_char"], "end": row["speaker_end_char"], "text": row["speaker"],
               "kind": row["speaker_kind"]}  # fmt: skip
    return {
        "finding_id": row["finding_id"], "report_id": row["report_id"], "source": row["source"],
        "source_url": row["url"], "source_sha256": row["source_sha256"], "title": row["title"], "date": row["date"],
        "area": row["area"], "section": row["section"], "concern": row["concern"], "page": row["page"],
        "boxes": [box[1:] for box in row["boxes"]], "box_pages": [box[0] for box in row["boxes"]],
        "start": row["start_char"], "end": row["end_char"], "quote": row["quote"], "link": row["link"],
        "assertion": row["assertion"], "assertion_score": row["assertion_score"],
        "categories": [{"id": c["category"], "score": c["score"]} for c in categories],
        "actors": [{**named_row(a), "role": a["role"]} for a in named if a["role"] != "mentioned"],
        "mentioned": [named_row(a) for a in named if a["role"] == "mentioned"],
        "speaker": speaker if row["speaker"] else None,
        "needs_review": row["needs_review"], "reviewed_by": row["reviewed_by"],
        "model": row["model"], "taxonomy": row["taxonomy"], "pipeline": row["pipeline"],
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
    with engine.connect() as connection:
        counts = {category: (mentions, in_reports) for category, mentions, in_reports in connection.execute(query)}
    order = {category: at for at, category in enumerate(taxonomy.ids)}
    return dict(sorted(counts.items(), key=lambda item: order.get(item[0], len(order))))


def count_totals(engine: Engine) -> dict[str, int]:
    """Reports, sources, findings, and findings that need review."""
    counts = {
        "reports": sa.select(sa.func.count()).select_from(reports),
        "sources": sa.select(sa.func.count()).select_from(sources),
        "findings": sa.select(sa.func.count()).select_from(findings),
        "needs_review": sa.select(sa.func.count()).select_from(findings).where(findings.c.needs_review),
    }
    with engine.connect() as connection:
        return {name: connection.execute(query).scalar_one() for name, query in counts.items()}


def dump_json(record: Mapping[str, Any]) -> str:
    """One line of JSON, as all exports write it."""
    return json.dumps(record, ensure_ascii=False)
