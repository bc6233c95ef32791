"""Parts on which readers differ, put to a third reader in a project of its own; that reader's word is final."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.annotate.label_studio import LabelStudio
from pipeline.annotate.plan import Plan, Prediction, Wanted, existing, plan
from pipeline.annotate.push import carry_out, ensure_project, find_project, show_predictions
from pipeline.annotate.readings import Project, Task
from pipeline.annotate.records import Part, Reading
from pipeline.annotate.regions import Suggested, as_result
from pipeline.taxonomy import Taxonomy

TITLE = "{}: adjudication"
LONGEST_TITLE = 50  # that Label Studio takes


def project_of_adjudication(server: LabelStudio, project: Mapping[str, Any]) -> dict[str, Any] | None:
    """The project in which the readings of `project` are adjudicated, None when there is none."""
    return find_project(server, _title(project))


def rows_with_adjudications(server: LabelStudio, project: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tasks of a project and, where there is one, of its adjudication."""
    third = project_of_adjudication(server, project)
    return [*server.tasks(project["id"]), *(server.tasks(third["id"]) if third else ())]


def adjudicate(
    server: LabelStudio, project: Mapping[str, Any], held: Project, parts: Sequence[Part], taxonomy: Taxonomy
) -> tuple[dict[str, Any], Plan]:
    """Make or update the project of adjudication: a task for each of `parts`, with a prediction for what each reader marked."""
    third = ensure_project(server, _title(project), taxonomy, readers=None)
    readings: dict[Part, list[Reading]] = {}
    for reading in held.readings:
        if not reading.is_final:
            readings.setdefault(reading.part, []).append(reading)
    tasks = {task.part: task for task in held.tasks if not task.is_final}
    wanted = [_wanted(tasks[part], readings[part], taxonomy) for part in parts]
    made = plan(wanted, list(existing(server.tasks(third["id"]))))
    carry_out(server, third["id"], made)
    show_predictions(server, third, wanted)
    return third, made


def _title(project: Mapping[str, Any]) -> str:
    return TITLE.format(project["title"][: LONGEST_TITLE - len(TITLE.format(""))])


def _wanted(task: Task, readings: Sequence[Reading], taxonomy: Taxonomy) -> Wanted:
    part = task.part
    data = {
        "key": part.key, "report_id": part.report_id, "text_sha256": part.text_sha256, "start": part.start, "end": part.end,
        "title": task.title, "place": f"read by {', '.join(sorted(r.annotator for r in readings))}, who differ",
        "chosen": task.chosen, "final": True, "text": task.text,
    }  # fmt: skip
    return Wanted(part, data, tuple(_as_prediction(r, taxonomy) for r in sorted(readings, key=lambda r: r.annotator)))


def _as_prediction(reading: Reading, taxonomy: Taxonomy) -> Prediction:
    marks = [Suggested(m, {}, 1.0) for m in reading.marked]
    return Prediction(f"reader {reading.annotator}", 1.0, as_result(marks, reading.part, taxonomy))
