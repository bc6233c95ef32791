"""Put reports into a Label Studio project: made or updated in place, and repaired by doing it again."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.annotate.label_studio import LabelStudio
from pipeline.annotate.labelling import labelling_config
from pipeline.annotate.parts import Interval, cut, cut_around
from pipeline.annotate.plan import Plan, Prediction, Wanted, existing, plan
from pipeline.annotate.records import Part
from pipeline.annotate.regions import as_result
from pipeline.annotate.suggestions import suggested_record
from pipeline.errors import AnnotateError
from pipeline.report import Passage
from pipeline.taxonomy import Taxonomy

AT_ONCE = 50
BACKEND = "failings"  # the title of our backend, which Label Studio asks when it is the model version of a project
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pushed:
    """A report to push: the row of the store, its passages, its findings as export records, and why it was chosen."""

    report: Mapping[str, Any]
    passages: tuple[Passage, ...]
    findings: Sequence[Mapping[str, Any]]
    chosen: str


def find_project(server: LabelStudio, name: str) -> Json | None:
    """The project of this id or title, None when there is none; raise AnnotateError when several have the title."""
    if name.isdecimal():
        project: Json = server.ask("GET", f"/api/projects/{name}/")
        return project
    found = server.projects(name)
    if len(found) > 1:
        ids = ", ".join(str(p["id"]) for p in found)
        raise AnnotateError(f"{server.url} has {len(found)} projects {name!r}: name one by its id ({ids})")
    return found[0] if found else None


def wanted_project(server: LabelStudio, name: str) -> Json:
    """The project of this id or title; raise AnnotateError when there is none."""
    project = find_project(server, name)
    if project is None:
        raise AnnotateError(f"{server.url} has no project {name!r}: `failings annotate push` makes it")
    return project


def ensure_project(server: LabelStudio, name: str, taxonomy: Taxonomy, *, readers: int | None) -> Json:
    """The project, made when there is none, with the taxonomy's labelling interface. `readers` are wanted for each task."""
    wanted: Json = {"label_config": labelling_config(taxonomy), "show_collab_predictions": True}
    if readers:
        wanted["maximum_annotations"] = readers
    project = find_project(server, name)
    if project is None:
        made: Json = server.ask("POST", "/api/projects/", json={"title": name, "maximum_annotations": 1, **wanted})
        return made
    changed = {key: value for key, value in wanted.items() if project.get(key) != value}
    if changed:
        project = server.ask("PATCH", f"/api/projects/{project['id']}/", json=changed)
    return project


def tasks_of(pushed: Pushed, taxonomy: Taxonomy, fixed: Sequence[Interval]) -> Iterator[Wanted]:
    """The tasks of a report; parts that the project has already, `fixed`, stay as they are cut."""
    report = pushed.report
    parts = cut_around(report["text"], pushed.passages, fixed) if fixed else cut(report["text"], pushed.passages)
    suggestions = [suggested_record(r) for r in pushed.findings]
    for number, (start, end) in enumerate(parts, 1):
        part = Part(report["report_id"], report["text_sha256"], start, end)
        result = as_result(suggestions, part, taxonomy)
        score = max((row["score"] for row in result if row.get("type") == "labels" and "score" in row), default=0.0)
        yield Wanted(
            part, _data(pushed, part, f"part {number} of {len(parts)}"), (Prediction(report["model"], score, result),)
        )


def _data(pushed: Pushed, part: Part, place: str) -> Json:
    report = pushed.report
    known = [place, *(report[name] for name in ("date", "area") if report[name])]
    return {
        "key": part.key, "report_id": part.report_id, "text_sha256": part.text_sha256, "start": part.start,
        "end": part.end, "title": report["title"] or report["source"], "place": " · ".join(known),
        "url": report["url"], "date": report["date"], "chosen": pushed.chosen, "text": report["text"][part.start : part.end],
    }  # fmt: skip


def push(
    server: LabelStudio,
    project: Mapping[str, Any],
    reports: Iterable[Pushed],
    taxonomy: Taxonomy,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Plan:
    """Make the project hold every part of `reports` once with today's prediction; return what had to be done."""
    present = list(existing(server.tasks(project["id"])))
    fixed: dict[tuple[str, str], list[Interval]] = defaultdict(list)
    for task in present:
        fixed[task.report_id, task.text_sha256].append((task.start, task.end))
    wanted = [
        task
        for each in reports
        for task in tasks_of(each, taxonomy, fixed[each.report["report_id"], each.report["text_sha256"]])
    ]
    made = plan(wanted, present)
    carry_out(server, project["id"], made, progress=progress)
    show_predictions(server, project, wanted)
    return made


def carry_out(
    server: LabelStudio, project: int, made: Plan, *, progress: Callable[[int], None] = lambda _: None
) -> None:
    """Make, add and delete what a plan says; broken off half way, the next plan holds the rest."""
    for at in range(0, len(made.create), AT_ONCE):
        batch = made.create[at : at + AT_ONCE]
        rows = [{"data": w.data, "predictions": [p.as_json() for p in w.predictions]} for w in batch]
        server.ask("POST", f"/api/projects/{project}/import", json=rows, params={"return_task_ids": "true"})
        progress(len(batch))
    for task, prediction in made.predict:
        server.ask("POST", "/api/predictions/", json={"task": task, **prediction.as_json()})
        progress(1)
    for key in made.drop_predictions:
        server.ask("DELETE", f"/api/predictions/{key}/")
    for task in made.drop_tasks:
        server.ask("DELETE", f"/api/tasks/{task}/")


def show_predictions(server: LabelStudio, project: Mapping[str, Any], wanted: Sequence[Wanted]) -> None:
    """Have annotators see the model's predictions that most tasks have, of which Label Studio shows one; a backend goes first."""
    models = Counter(p.model for w in wanted for p in w.predictions)
    if not models or project.get("model_version") == BACKEND:
        return
    most = models.most_common(1)[0][0]
    if project.get("model_version") != most:
        server.ask("PATCH", f"/api/projects/{project['id']}/", json={"model_version": most})
