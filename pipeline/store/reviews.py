"""Put what people said of reports into a store, and decide anew which findings stand; nothing that a person said is dropped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from pipeline.annotate.records import Reading
from pipeline.annotate.verdicts import reading_fault, reading_id
from pipeline.store.kept import keep
from pipeline.store.review_rows import review_row
from pipeline.store.rows import rows_of
from pipeline.store.schema import actors, answers, finding_categories, findings, reports, reviews, superseded
from pipeline.store.stands import read_standing
from pipeline.store.transactions import in_turn

VERSIONS = ("model", "taxonomy", "pipeline")
DECIDED = (findings, finding_categories, actors, answers)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of readings: new to the store, in it already, or refused with a reason in `problems`; and reports decided anew."""

    new: int
    known: int
    reports: int
    problems: tuple[str, ...]


def add_readings(engine: Engine, readings: Sequence[Reading], *, origin: str) -> Counts:
    """Add readings to the reports that they are of, found by their texts, one transaction a report; known ones change nothing.

    `origin` says where they come from, as "http://localhost:8080/projects/3". A reading of a text that is not in the store, or
    that does not fit it, is named in `problems` and left out.
    """
    by_text: dict[str, list[Reading]] = {}
    for reading in readings:
        by_text.setdefault(reading.part.text_sha256, []).append(reading)
    counts = [
        in_turn(engine, partial(_add, text_sha256=digest, readings=mine, origin=origin))
        for digest, mine in by_text.items()
    ]
    return Counts(
        sum(c.new for c in counts), sum(c.known for c in counts), sum(c.reports for c in counts),
        tuple(problem for c in counts for problem in c.problems),
    )  # fmt: skip


def _add(connection: Connection, *, text_sha256: str, readings: Sequence[Reading], origin: str) -> Counts:
    query = sa.select(reports).where(reports.c.text_sha256 == text_sha256)
    report = connection.execute(query).mappings().first()
    faults = [_fault(reading, report) for reading in readings]
    fitting = {reading_id(r): r for r, fault in zip(readings, faults, strict=True) if fault is None}
    known = set(connection.execute(sa.select(reviews.c.review_id).where(reviews.c.review_id.in_(fitting))).scalars())
    fresh = [reading for key, reading in fitting.items() if key not in known]
    if fresh and report:
        connection.execute(sa.insert(reviews), [review_row(r, report["report_id"], origin) for r in fresh])
        _decide(connection, report)
    problems = tuple(f"{_name(r)}: {fault}" for r, fault in zip(readings, faults, strict=True) if fault)
    return Counts(len(fresh), len(readings) - len(fresh) - len(problems), int(bool(fresh)), problems)


def _fault(reading: Reading, report: RowMapping | None) -> str | None:
    if report is None:
        return "no report in the store has this text: read it with `failings run`, or name its store with --store"
    return reading_fault(reading, report["text"])


def _name(reading: Reading) -> str:
    return (
        f"{reading.part.key} by {reading.annotator or 'nobody'} (task {reading.task}, annotation {reading.annotation})"
    )


def _decide(connection: Connection, report: RowMapping) -> None:
    """Decide a report of the store anew, from all that its model found and all that people said of it."""
    report_id, versions = report["report_id"], {name: report[name] for name in VERSIONS}
    kept, stands = keep(connection, report_id), read_standing(connection, report_id)
    overruled = kept.overruled(versions)
    places = {(f.start, f.end) for f in overruled}
    as_made = [f for f in stands.findings if not f.reviewed_by and (f.start, f.end) not in places]
    made = tuple(sorted((*as_made, *overruled), key=lambda f: (f.start, f.end)))
    decided, lost = kept.decide(replace(stands, findings=made), report_id, versions)
    for table in (superseded, findings):
        connection.execute(sa.delete(table).where(table.c.report_id == report_id))
    for table, rows in ((superseded, lost), *rows_of(decided, report_id)):
        if rows and table in (superseded, *DECIDED):
            connection.execute(sa.insert(table), rows)
