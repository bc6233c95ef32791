"""The rows of `reviews` and `superseded`, and the records that they came from."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pipeline.annotate.records import Marked, MarkedActor, Part, Reading
from pipeline.annotate.reviewed import Superseded
from pipeline.annotate.verdicts import moment, reading_id
from pipeline.report import Actor, Box, CategoryScore, Finding, Speaker, sha256
from pipeline.store.rows import Row, passage_id_of

SAID = ("section", "page", "boxes", "needs_review", "concern", "link", "speaker", "mentioned")


def review_row(reading: Reading, report_id: str, origin: str) -> Row:
    """The row of a reading; its id follows from the text and what was said of it."""
    return {
        "review_id": reading_id(reading), "report_id": report_id, "start_char": reading.part.start, "end_char": reading.part.end,
        "annotator": reading.annotator, "reviewed_at": moment(reading.when).isoformat(), "fully_read": reading.fully_read,
        "is_final": reading.is_final, "marked": [asdict(m) for m in reading.marked], "comment": reading.comment,
        "seconds": reading.seconds, "origin": origin, "task": reading.task, "annotation": reading.annotation,
        "predicted": [asdict(m) for m in reading.predicted], "model": reading.model, "chosen": reading.chosen,
    }  # fmt: skip


def reading_of(row: Mapping[str, Any], text_sha256: str) -> Reading:
    """The reading of a row of `reviews`."""
    return Reading(
        Part(row["report_id"], text_sha256, row["start_char"], row["end_char"]), row["annotator"], row["reviewed_at"],
        tuple(map(_marked, row["marked"])), row["fully_read"], row["comment"], row["seconds"],
        tuple(map(_marked, row["predicted"])), row["model"], row["chosen"], row["task"], row["annotation"], row["is_final"],
    )  # fmt: skip


def _marked(said: Mapping[str, Any]) -> Marked:
    actors = tuple(MarkedActor(**a) for a in said["actors"])
    return Marked(said["start"], said["end"], said["assertion"], tuple(said["categories"]), actors)


def superseded_row(lost: Superseded, report_id: str, text_sha256: str, versions: Mapping[str, str]) -> Row:
    """The row of what no longer stands; `versions` are those of the model's findings, people's have none."""
    finding, person = lost.finding, lost.finding.reviewed_by
    said = asdict(finding)
    row = {
        "finding_id": passage_id_of(text_sha256, finding), "start_char": finding.start, "end_char": finding.end,
        "quote": finding.quote, "assertion": finding.assertion, "assertion_score": finding.assertion_score,
        "categories": list(said["categories"]), "actors": list(said["actors"]), "evidence": {name: said[name] for name in SAID},
        "said_by": person, **{name: None if person else version for name, version in versions.items()},
    }  # fmt: skip
    return {
        **row, "superseded_id": sha256(json.dumps(row).encode())[:16], "report_id": report_id, "change": lost.change,
        "review_id": reading_id(lost.reading), "superseded_at": moment(lost.reading.when).isoformat(),
    }  # fmt: skip


def finding_of(row: Mapping[str, Any]) -> Finding:
    """The finding of a row of `superseded`, as it was said."""
    rest = row["evidence"]
    return Finding(
        start=row["start_char"], end=row["end_char"], quote=row["quote"], section=rest["section"], assertion=row["assertion"],
        assertion_score=row["assertion_score"], categories=tuple(CategoryScore(**c) for c in row["categories"]),
        actors=tuple(Actor(**a) for a in row["actors"]), boxes=tuple(Box(**b) for b in rest["boxes"]), page=rest["page"],
        needs_review=rest["needs_review"], mentioned=tuple(Actor(**a) for a in rest["mentioned"]),
        speaker=Speaker(**rest["speaker"]) if rest["speaker"] else None, concern=rest["concern"], link=rest["link"],
        reviewed_by=row["said_by"],
    )  # fmt: skip
