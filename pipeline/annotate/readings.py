"""From the tasks of a Label Studio project, as its API lists or its JSON export holds them, to what each person said of each part."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.annotate.parse_regions import Parsed, parse_result
from pipeline.annotate.records import Marked, Part, Reading
from pipeline.report import sha256
from pipeline.taxonomy import Taxonomy

Json = Mapping[str, Any]
MISFITS = (KeyError, TypeError, ValueError, AttributeError)
KINDS: Mapping[str, Any] = {
    "annotator": str, "when": str, "comment": str, "seconds": int | float | None, "model": str | None,
    "chosen": str | None, "task": int, "annotation": int,
}  # fmt: skip
KEYS = {"key": str, "report_id": str, "text_sha256": str, "start": int, "end": int, "text": str}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot be read as labels, and so is in no reading: where, why, and the annotation as it came."""

    task: int
    annotation: int
    region: str
    reason: str
    raw: Any = None

    def __str__(self) -> str:
        where = f"task {self.task}" + (f", annotation {self.annotation}" if self.annotation else "")
        return f"{where}{f', region {self.region}' if self.region else ''}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Task:
    """A task as a push made it: the part that it shows, its words, and why the report was chosen."""

    id: int
    part: Part
    text: str
    chosen: str
    is_final: bool
    title: str


@dataclass(frozen=True, slots=True)
class Project:
    """All that a project holds. A reading with a fault anywhere in it is left out whole and named in `problems`."""

    tasks: tuple[Task, ...]
    readings: tuple[Reading, ...]
    problems: tuple[Problem, ...]
    drafts: int


def read_project(rows: Iterable[Json], users: Mapping[int, str], taxonomy: Taxonomy) -> Project:
    """Read tasks with their annotations and predictions; `users` gives the e-mail address of an annotator's id.

    Skipped annotations and drafts, which nobody submitted, are no readings. Of several of one part by one person the newest counts,
    and the others are not looked at.
    """
    tasks: list[Task] = []
    newest: dict[tuple[Part, str, bool], tuple[Task, Json, Json]] = {}
    problems: list[Problem] = []
    drafts = 0
    for row in rows:
        task = _task(row, problems)
        if task is None:
            continue
        tasks.append(task)
        try:
            drafts += len(row.get("drafts") or [])
            for annotation in _submitted(row):
                key = (task.part, _annotator(annotation, users), task.is_final)
                age = _age(annotation)
                if key not in newest or _age(newest[key][2]) < age:
                    newest[key] = (task, row, annotation)
        except MISFITS as error:
            problems.append(_misfit(task, 0, error, row))
    readings = [_checked_reading(*found, users, taxonomy, problems) for found in newest.values()]
    return Project(tuple(tasks), tuple(r for r in readings if r), tuple(problems), drafts)


def _misfit(task: Task, annotation: int, error: Exception, raw: Json) -> Problem:
    reason = f"not as Label Studio exports it ({type(error).__name__}: {error})"
    return Problem(task.id, annotation, "", reason, raw)


def _task(row: Json, problems: list[Problem]) -> Task | None:
    data = row.get("data")
    number = row.get("id", 0)
    if not isinstance(number, int):
        number, data = 0, None
    if not isinstance(data, Mapping) or any(not isinstance(data.get(key), kind) for key, kind in KEYS.items()):
        problems.append(Problem(number, 0, "", "not a task that `failings annotate push` made", row))
        return None
    part = Part(data["report_id"], data["text_sha256"], data["start"], data["end"])
    if part.key != data["key"] or len(data["text"]) != part.end - part.start or part.start < 0:
        problems.append(Problem(number, 0, "", "its text is not the part of the report that it says: push again", row))
        return None
    return Task(number, part, data["text"], data.get("chosen") or "", bool(data.get("final")), data.get("title") or "")


def _submitted(row: Json) -> Iterator[Json]:
    for annotation in row.get("annotations") or []:
        if not annotation.get("was_cancelled"):
            yield annotation


def _when(annotation: Json) -> str:
    return annotation.get("updated_at") or annotation.get("created_at") or ""


def _age(annotation: Json) -> tuple[str, int]:
    if not isinstance(annotation["id"], int):
        raise TypeError(f"id {annotation['id']!r}")
    return _when(annotation), annotation["id"]


def _checked_reading(
    task: Task, row: Json, annotation: Json, users: Mapping[int, str], taxonomy: Taxonomy, problems: list[Problem]
) -> Reading | None:
    try:
        reading = _reading(task, row, annotation, users, taxonomy, problems)
        if reading and (wrong := [n for n, kind in KINDS.items() if not isinstance(getattr(reading, n), kind)]):
            raise TypeError(f"{', '.join(wrong)} of another kind")
    except MISFITS as error:
        problems.append(_misfit(task, annotation["id"], error, annotation))
        return None
    return reading


def _reading(
    task: Task, row: Json, annotation: Json, users: Mapping[int, str], taxonomy: Taxonomy, problems: list[Problem]
) -> Reading | None:
    parsed = parse_result(annotation.get("result") or [], task.part, task.text, taxonomy)
    if parsed.faults:
        problems += [Problem(task.id, annotation["id"], f.region, f.reason, annotation) for f in parsed.faults]
        return None
    shown = _shown(row, annotation)
    return Reading(
        part=task.part,
        annotator=_annotator(annotation, users),
        when=_when(annotation),
        marked=parsed.marked,
        fully_read=parsed.fully_read,
        comment=parsed.comment,
        seconds=annotation.get("lead_time"),
        predicted=_marks(shown, task, taxonomy),
        model=shown.get("model_version") if shown and not task.is_final else None,
        chosen=task.chosen or None,
        task=task.id,
        annotation=annotation["id"],
        is_final=task.is_final or bool(annotation.get("ground_truth")),
    )


def _annotator(annotation: Json, users: Mapping[int, str]) -> str:
    who = annotation.get("completed_by")
    if isinstance(who, Mapping):
        return str(who.get("email") or f"user {who.get('id')}")
    return users.get(who, f"user {who}") if isinstance(who, int) else "unknown"


def _shown(row: Json, annotation: Json) -> Json | None:
    """The prediction that the annotator started from, else the newest one that was there."""
    predictions = [p for p in row.get("predictions") or [] if isinstance(p, Mapping)]
    parent = annotation.get("parent_prediction")
    chosen = [p for p in predictions if p["id"] == parent]
    earlier = [p for p in predictions if (p.get("created_at") or "") <= (annotation.get("created_at") or "")]
    return max(chosen or earlier, key=lambda p: p.get("created_at") or "", default=None)


def _marks(prediction: Json | None, task: Task, taxonomy: Taxonomy) -> tuple[Marked, ...]:
    if prediction is None:
        return ()
    parsed: Parsed = parse_result(prediction.get("result") or [], task.part, task.text, taxonomy)
    return parsed.marked


def whole_texts(tasks: Sequence[Task]) -> dict[str, str]:
    """The texts of those reports all of whose parts are there, by their hash."""
    joined: dict[str, str] = {}
    for task in sorted(tasks, key=lambda t: (t.part.start, t.part.end)):
        so_far = joined.get(task.part.text_sha256, "")
        joined[task.part.text_sha256] = so_far + task.text[max(0, len(so_far) - task.part.start) :]
    return {key: text for key, text in joined.items() if sha256(text.encode("utf-8", "surrogatepass")) == key}
