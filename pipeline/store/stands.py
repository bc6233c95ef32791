"""Read back from a store what of a report people's reviews bear on: its text and passages, what stands, and what it calls for."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from pipeline.report import (
    METADATA_FIELDS,
    Actor,
    Analysed,
    Box,
    CategoryScore,
    Finding,
    Page,
    Passage,
    Recommendation,
    Report,
    Speaker,
)
from pipeline.store.schema import actors, finding_categories, findings, pages, passages, recommendations, reports


def read_standing(connection: Connection, report_id: str) -> Analysed:
    """The report with its passages, pages (without glyph boxes), findings, and calls without whom they address or what they answer."""
    [row] = _rows(connection, reports, report_id)
    metadata = {name: row[name] for name in METADATA_FIELDS if row[name] is not None}
    leaves = [
        Page(p["number"], p["start_char"], p["end_char"], p["width"], p["height"])
        for p in _rows(connection, pages, report_id)
    ]
    calls = sorted(_rows(connection, recommendations, report_id), key=lambda r: (r["start_char"], r["end_char"]))
    return Analysed(
        Report(row["text"], row["source"], row["source_sha256"], metadata, tuple(leaves)),
        tuple(Passage(p["start_char"], p["end_char"], p["section"]) for p in _rows(connection, passages, report_id)),
        _findings(connection, report_id),
        recommendations=tuple(
            Recommendation(r["start_char"], r["end_char"], r["quote"], concern=r["concern"]) for r in calls
        ),
    )


def _rows(connection: Connection, table: sa.Table, report_id: str) -> Sequence[RowMapping]:
    query = sa.select(table).where(table.c.report_id == report_id).order_by(*table.primary_key)
    return connection.execute(query).mappings().all()


def _findings(connection: Connection, report_id: str) -> tuple[Finding, ...]:
    about = _by_finding(connection, finding_categories, report_id)
    named = _by_finding(connection, actors, report_id)
    rows = sorted(_rows(connection, findings, report_id), key=lambda r: (r["start_char"], r["end_char"]))
    return tuple(_finding(row, about[row["finding_id"]], named[row["finding_id"]]) for row in rows)


def _by_finding(connection: Connection, table: sa.Table, report_id: str) -> defaultdict[str, list[RowMapping]]:
    mine = sa.select(findings.c.finding_id).where(findings.c.report_id == report_id)
    query = sa.select(table).where(table.c.finding_id.in_(mine)).order_by(*table.primary_key)
    rows: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        rows[row["finding_id"]].append(row)
    return rows


def _finding(row: RowMapping, about: Sequence[RowMapping], named: Sequence[RowMapping]) -> Finding:
    scores = sorted((CategoryScore(c["category"], c["score"]) for c in about), key=lambda c: (-c.score, c.id))
    everybody = [_actor(a) for a in named]
    speaker = (
        Speaker(row["speaker_start_char"], row["speaker_end_char"], row["speaker"], row["speaker_kind"])
        if row["speaker"]
        else None
    )
    return Finding(
        start=row["start_char"], end=row["end_char"], quote=row["quote"], section=row["section"], assertion=row["assertion"],
        assertion_score=row["assertion_score"], categories=tuple(scores),
        actors=tuple(a for a in everybody if a.role != "mentioned"), boxes=boxes_of_row(row["boxes"]), page=row["page"],
        needs_review=row["needs_review"], mentioned=tuple(a for a in everybody if a.role == "mentioned"), speaker=speaker,
        concern=row["concern"], link=row["link"], reviewed_by=row["reviewed_by"],
    )  # fmt: skip


def boxes_of_row(boxes: Sequence[Sequence[Any]]) -> tuple[Box, ...]:
    """The boxes of a finding's row."""
    return tuple(Box(int(page), *numbers) for page, *numbers in boxes)


def _actor(row: RowMapping) -> Actor:
    return Actor(
        row["start_char"], row["end_char"], row["text"], row["agency"], row["agency_type"], row["role"], row["resolved"]
    )
