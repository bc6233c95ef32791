"""What a push has to do so that a project holds each wanted task once, with today's prediction; nothing that a person did is touched."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.annotate.records import Part
from pipeline.annotate.regions import Row

Json = dict[str, Any]
OF_TASK = {"key": str, "report_id": str, "text_sha256": str, "start": int, "end": int}
DONE = ("annotations", "drafts", "total_annotations", "cancelled_annotations")


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model suggests for a part; `score` is the probability of its surest finding, for sorting in the data manager."""

    model: str
    score: float
    result: list[Row]

    def as_json(self) -> Json:
        """As Label Studio takes it."""
        return {"model_version": self.model, "score": self.score, "result": self.result}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task that the project should have: `data` is what it shows."""

    part: Part
    data: Json
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True, slots=True)
class Existing:
    """A task that the project has; `touched` when a person has annotated it or begun to."""

    task: int
    key: str
    report_id: str
    text_sha256: str
    start: int
    end: int
    touched: bool
    predictions: Mapping[int, Prediction]


@dataclass(slots=True)
class Plan:
    """Tasks to make, predictions to add by task, what to delete, and annotated tasks of texts that have changed since, which stay."""

    create: list[Wanted] = field(default_factory=list)
    predict: list[tuple[int, Prediction]] = field(default_factory=list)
    drop_predictions: list[int] = field(default_factory=list)
    drop_tasks: list[int] = field(default_factory=list)
    outdated: list[int] = field(default_factory=list)
    unchanged: int = 0


def existing(rows: Iterable[Mapping[str, Any]]) -> Iterator[Existing]:
    """Those tasks of a project that a push made."""
    for row in rows:
        data = row["data"]
        if not isinstance(data, Mapping) or any(type(data.get(key)) is not kind for key, kind in OF_TASK.items()):
            continue
        predictions = {
            p["id"]: Prediction(p["model_version"] or "", p["score"] or 0.0, p["result"]) for p in row["predictions"]
        }
        touched = any(row.get(key) for key in DONE)
        yield Existing(
            row["id"],
            data["key"],
            data["report_id"],
            data["text_sha256"],
            data["start"],
            data["end"],
            touched,
            predictions,
        )


def plan(wanted: Sequence[Wanted], present: Iterable[Existing]) -> Plan:
    """Compare. Of tasks with one key the touched one stays, else the oldest; a touched task keeps the prediction that was shown."""
    made = Plan()
    by_key: dict[str, list[Existing]] = defaultdict(list)
    for task in present:
        by_key[task.key].append(task)
    for each in {w.part.key: w for w in wanted}.values():
        twins = sorted(by_key.pop(each.part.key, []), key=lambda t: (not t.touched, t.task))
        if not twins:
            made.create.append(each)
            continue
        made.drop_tasks += [t.task for t in twins[1:] if not t.touched]
        _refresh(made, twins[0], each.predictions)
    reports = {w.part.report_id for w in wanted}
    for stray in (t for twins in by_key.values() for t in twins if t.report_id in reports):
        (made.outdated if stray.touched else made.drop_tasks).append(stray.task)
    return made


def _refresh(made: Plan, task: Existing, wanted: Sequence[Prediction]) -> None:
    if task.touched:
        made.unchanged += 1
        return
    shown = {key: (p.model, p.result) for key, p in task.predictions.items()}
    missing = [p for p in wanted if (p.model, p.result) not in shown.values()]
    kept: set[tuple[str, str]] = set()
    stale = []
    for key, (model, result) in sorted(shown.items()):
        if (model, result) not in [(p.model, p.result) for p in wanted] or (model, str(result)) in kept:
            stale.append(key)
        kept.add((model, str(result)))
    made.predict += [(task.task, p) for p in missing]
    made.drop_predictions += stale
    made.unchanged += not (missing or stale)
