"""What a store holds as typed records: the same `Finding`, `Report` and `Recommendation` that the analysis makes, with their ids."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.engine import Connection, Engine

from pipeline.report import Actor, Analysed, Box, CategoryScore, Fact, Finding, Recommendation, Speaker
from pipeline.store.reader import Filter, findings_on, read_findings
from pipeline.store.reports import reports_on
from pipeline.store.stands import read_standing
from pipeline.store.transactions import reading


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding, the report that it stands in, and the versions that made it."""

    finding_id: str
    report_id: str
    source: str
    title: str | None
    date: str | None
    area: str | None
    url: str | None
    finding: Finding
    model: str
    taxonomy: str
    pipeline: str


@dataclass(frozen=True, slots=True)
class StoredRecommendation:
    """A recommendation, and the report that it stands in."""

    recommendation_id: str
    report_id: str
    recommendation: Recommendation


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report with everything found in it, and all sources that it was read from. Pages have no boxes of characters."""

    report_id: str
    sources: tuple[str, ...]
    analysed: Analysed
    recommendation_ids: tuple[str, ...]

    def recommendations(self) -> Iterator[StoredRecommendation]:
        """Its recommendations with their ids."""
        for key, call in zip(self.recommendation_ids, self.analysed.recommendations, strict=True):
            yield StoredRecommendation(key, self.report_id, call)


def stored_findings(engine: Engine, wanted: Filter | None = None) -> Iterator[StoredFinding]:
    """Yield findings, sorted by report and start."""
    for record in read_findings(engine, wanted):
        named = {name: record[name] for name in ("finding_id", "report_id", "source", "title", "date", "area")}
        versions = {name: record[name] for name in ("model", "taxonomy", "pipeline")}
        yield StoredFinding(**named, url=record["source_url"], finding=finding_of_record(record), **versions)


def stored_reports(engine: Engine, *, report_id: str | None = None) -> Iterator[StoredReport]:
    """Yield every report, or one, sorted by id."""
    with reading(engine) as connection:
        for row in reports_on(connection, report_id=report_id):
            yield _report(connection, row)


def _report(connection: Connection, row: Mapping[str, Any]) -> StoredReport:
    starts = {f["finding_id"]: f["start"] for f in findings_on(connection, Filter(report=row["report_id"]))}
    analysed = replace(
        read_standing(connection, row["report_id"]),
        facts=tuple(Fact(**fact) for fact in row["facts"]),
        recommendations=tuple(_recommendation(call, starts) for call in row["recommendations"]),
    )
    keys = tuple(call["recommendation_id"] for call in row["recommendations"])
    return StoredReport(row["report_id"], tuple(row["sources"]), analysed, keys)


def finding_of_record(record: Mapping[str, Any]) -> Finding:
    """The finding that an export record (docs/export.md) tells of."""
    return Finding(
        start=record["start"], end=record["end"], quote=record["quote"], section=record["section"],
        assertion=record["assertion"], assertion_score=record["assertion_score"],
        categories=tuple(CategoryScore(**c) for c in record["categories"]),
        actors=tuple(Actor(**a) for a in record["actors"]),
        boxes=tuple(Box(page, *box) for page, box in zip(record["box_pages"], record["boxes"], strict=True)),
        page=record["page"], needs_review=record["needs_review"],
        mentioned=tuple(Actor(**a, role="mentioned") for a in record["mentioned"]),
        speaker=Speaker(**record["speaker"]) if record["speaker"] else None,
        concern=record["concern"], link=record["link"], reviewed_by=record["reviewed_by"],
    )  # fmt: skip


def _recommendation(call: Mapping[str, Any], starts: Mapping[str, int]) -> Recommendation:
    return Recommendation(
        start=call["start"],
        end=call["end"],
        quote=call["quote"],
        addressees=tuple(Actor(**a, role="addressee") for a in call["addressees"]),
        deadline=Fact(field="deadline", **call["deadline"]) if call["deadline"] else None,
        answers=tuple(sorted(starts[finding_id] for finding_id in call["answers"])),
        concern=call["concern"],
    )
