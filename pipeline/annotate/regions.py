"""Findings as Label Studio's regions; `labelling.py` makes the controls that they belong to, `parse_regions.py` reads them back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.annotate.records import ActorRole, Marked, MarkedActor, Part
from pipeline.errors import AnnotateError
from pipeline.report import sha256
from pipeline.taxonomy import Taxonomy

TEXT, CATEGORY, ACTOR, ASSERTION, FULLY_READ, COMMENT = (
    "text",
    "category",
    "actor",
    "assertion",
    "fully_read",
    "comment",
)
ACTOR_LABEL = "Actor"
ROLES: tuple[ActorRole, ...] = ("responsible", "addressee")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Suggested:
    """A finding as the model suggests it: what to mark, its scores by category, and the score of the assertion."""

    marked: Marked
    scores: Mapping[str, float]
    assertion_score: float


def as_result(suggested: Sequence[Suggested], part: Part, taxonomy: Taxonomy) -> list[Row]:
    """The regions of a prediction for one part; those that the part does not hold whole are left out.

    Region ids follow from the interval, so that the same findings give the same result.
    """
    names = {c.id: c.name for c in taxonomy.categories}
    rows: list[Row] = []
    actors: dict[tuple[int, int], str] = {}
    for each in suggested:
        marked = each.marked
        if not (part.start <= marked.start and marked.end <= part.end):
            continue
        if unknown := set(marked.categories) - set(names):
            raise AnnotateError(
                f"finding [{marked.start}, {marked.end}) of {part.report_id} is of {', '.join(sorted(unknown))}, which the taxonomy "
                f"lacks; it has {', '.join(names)}"
            )
        key = _region_id("finding", marked.start, marked.end)
        value = {"start": marked.start - part.start, "end": marked.end - part.start}
        score = max(each.scores.values(), default=0.0)
        said = [f"{names[c]} {each.scores[c]:.2f}" for c in marked.categories if c in each.scores]
        rows.append({"id": key, "from_name": CATEGORY, "to_name": TEXT, "type": "labels", "score": round(score, 4),
                     "value": {**value, "labels": [names[c] for c in marked.categories]},
                     "meta": {"text": ["; ".join([*said, f"{marked.assertion} {each.assertion_score:.2f}"])]}})  # fmt: skip
        rows.append({"id": key, "from_name": ASSERTION, "to_name": TEXT, "type": "choices",
                     "score": round(each.assertion_score, 4), "value": {**value, "choices": [marked.assertion]}})  # fmt: skip
        for actor in marked.actors:
            if part.start <= actor.start and actor.end <= part.end:
                rows += _actor_rows(actor, key, part, actors)
    return rows


def _actor_rows(actor: MarkedActor, finding: str, part: Part, known: dict[tuple[int, int], str]) -> list[Row]:
    rows: list[Row] = []
    if (actor.start, actor.end) not in known:
        known[actor.start, actor.end] = _region_id("actor", actor.start, actor.end)
        value = {"start": actor.start - part.start, "end": actor.end - part.start, "labels": [ACTOR_LABEL]}
        rows.append({"id": known[actor.start, actor.end], "from_name": ACTOR, "to_name": TEXT, "type": "labels",
                     "value": value})  # fmt: skip
    relation = {"type": "relation", "from_id": finding, "to_id": known[actor.start, actor.end], "direction": "right"}
    return [*rows, {**relation, "labels": [actor.role]}]


def _region_id(kind: str, start: int, end: int) -> str:
    return sha256(f"{kind}:{start}:{end}".encode())[:10]
