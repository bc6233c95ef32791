"""The rows of every table that a report goes into."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import sqlalchemy as sa

from pipeline.report import METADATA_FIELDS, Actor, Analysed, Finding, Recommendation, Report, sha256
from pipeline.store.schema import (
    actors,
    addressees,
    answers,
    facts,
    finding_categories,
    findings,
    pages,
    passages,
    recommendations,
)

Row = dict[str, Any]


def report_id_of(report: Report) -> str:
    """A readable id that follows from the source's name and the text: the same wherever and whenever it is read."""
    stem = PurePosixPath(report.source.rpartition("#")[2] or report.source).stem
    slug = re.sub(r"[^a-z0-9]+", "-", stem.casefold()).strip("-")[:48] or "report"
    return f"{slug}-{report.text_sha256[:8]}"


def passage_id_of(text_sha256: str, passage: Finding | Recommendation) -> str:
    """Sixteen hexadecimal digits that follow from the report's text and the passage's place in it."""
    return sha256(f"{text_sha256}:{passage.start}:{passage.end}".encode())[:16]


def report_row(report: Report, report_id: str, versions: Mapping[str, str]) -> Row:
    """The row of the report itself."""
    return {
        **{name: report.metadata.get(name) for name in METADATA_FIELDS},
        "report_id": report_id, "source": report.source, "source_sha256": report.source_sha256, "text": report.text,
        "text_sha256": report.text_sha256, "words": len(report.text.split()), **versions,
    }  # fmt: skip


def rows_of(analysed: Analysed, report_id: str) -> Iterator[tuple[sa.Table, list[Row]]]:
    """What hangs on a report, table by table, in an order in which nothing refers to a later row."""
    report, of = analysed.report, {"report_id": report_id}
    yield pages, [{**of, "number": p.number, **_span(p), "width": p.width, "height": p.height} for p in report.pages]
    yield passages, [{**of, **_span(p), "section": p.section} for p in analysed.passages]
    yield (
        facts,
        [{**of, "number": i, "field": f.field, "value": f.value, **_span(f)} for i, f in enumerate(analysed.facts)],
    )
    digest = report.text_sha256
    found = {passage_id_of(digest, f): f for f in analysed.findings}
    yield findings, [{**of, **_finding_row(key, f)} for key, f in found.items()]
    yield (
        finding_categories,
        [{"finding_id": key, "category": c.id, "score": c.score} for key, f in found.items() for c in f.categories],
    )
    yield (
        actors,
        [
            {"finding_id": key, **_actor_row(a), "role": a.role}
            for key, f in found.items()
            for a in (*f.actors, *f.mentioned)
        ],
    )
    calls = {passage_id_of(digest, r): r for r in analysed.recommendations}
    yield recommendations, [{**of, **_recommendation_row(key, r)} for key, r in calls.items()]
    yield addressees, [{"recommendation_id": key, **_actor_row(a)} for key, r in calls.items() for a in r.addressees]
    yield answers, _answer_rows(calls, found)


def _finding_row(key: str, finding: Finding) -> Row:
    speaker = finding.speaker
    return {
        "id": int(key, 16) >> 1, "finding_id": key, **_span(finding), "quote": finding.quote, "section": finding.section,
        "page": finding.page, "assertion": finding.assertion, "assertion_score": finding.assertion_score,
        "boxes": [[b.page, *(round(v, 2) for v in (b.x0, b.y0, b.x1, b.y1))] for b in finding.boxes],
        "needs_review": finding.needs_review, "reviewed_by": finding.reviewed_by, "concern": finding.concern, "link": finding.link,
        "speaker": speaker and speaker.text, "speaker_kind": speaker and speaker.kind, **_span(speaker, "speaker_"),
    }  # fmt: skip


def _recommendation_row(key: str, call: Recommendation) -> Row:
    deadline = call.deadline
    return {
        "recommendation_id": key, **_span(call), "quote": call.quote, "concern": call.concern,
        "deadline": deadline and deadline.value, **_span(deadline, "deadline_"),
    }  # fmt: skip


def _answer_rows(calls: Mapping[str, Recommendation], found: Mapping[str, Finding]) -> list[Row]:
    """Links to the failings that begin where a call's `answers` say; two may where people marked findings."""
    failings = [(key, f.start) for key, f in found.items() if f.assertion == "failing"]
    return [
        {"recommendation_id": key, "finding_id": answered}
        for key, r in calls.items()
        for answered, start in failings
        if start in r.answers
    ]


def _actor_row(actor: Actor) -> Row:
    return {**_span(actor), "text": actor.text, "agency": actor.agency, "agency_type": actor.agency_type,
            "resolved": actor.resolved}  # fmt: skip


def _span(part: Any, prefix: str = "") -> Row:
    """Its interval as columns; null for nothing."""
    return {f"{prefix}start_char": part and part.start, f"{prefix}end_char": part and part.end}
