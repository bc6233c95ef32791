import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import httpx
import pytest

from pipeline.annotate.label_studio import LabelStudio
from pipeline.annotate.plan import Existing, Plan, Prediction, Wanted, existing, plan
from pipeline.annotate.push import Pushed, carry_out, push, show_predictions, tasks_of
from pipeline.annotate.records import Part
from pipeline.errors import AnnotateError
from pipeline.report import Passage, sha256
from pipeline.taxonomy import load_taxonomy

OLD = Prediction("m1", 0.5, [{"id": "a"}])
NEW = Prediction("m2", 0.5, [{"id": "a"}])
A, B = Part("r1", "aa" * 32, 0, 10), Part("r1", "aa" * 32, 10, 20)
CHANGED = Part("r1", "bb" * 32, 0, 10)
OTHER = Part("r2", "cc" * 32, 0, 10)


def wanted(part: Part = A, *predictions: Prediction) -> Wanted:
    return Wanted(part, {"key": part.key}, predictions or (NEW,))


def present(task: int, part: Part = A, *predictions: Prediction, touched: bool = False) -> Existing:
    numbered = {10 * task + n: p for n, p in enumerate(predictions or (NEW,))}
    return Existing(task, part.key, part.report_id, part.text_sha256, part.start, part.end, touched, numbered)


def test_there_is_nothing_to_do_the_second_time() -> None:
    assert plan([wanted(A), wanted(B)], [present(1, A), present(2, B)]) == Plan(unchanged=2)


def test_missing_tasks_are_made_so_half_an_import_is_completed() -> None:
    assert plan([wanted(A), wanted(B)], [present(1, A)]) == Plan(create=[wanted(B)], unchanged=1)


def test_a_task_asked_for_twice_is_made_once() -> None:
    assert plan([wanted(A), wanted(A)], []) == Plan(create=[wanted(A)])


@pytest.mark.parametrize(
    ("touched", "dropped"),
    [((), [2, 3]), ((1,), [2, 3]), ((2,), [1, 3]), ((2, 3), [1]), ((1, 2, 3), [])],
)
def test_a_doubled_task_is_removed_but_never_one_that_somebody_touched(
    touched: Sequence[int], dropped: list[int]
) -> None:
    twins = [present(task, touched=task in touched) for task in (3, 1, 2)]
    assert plan([wanted()], twins) == Plan(drop_tasks=dropped, unchanged=1)


def test_an_outdated_prediction_is_replaced() -> None:
    assert plan([wanted()], [present(1, A, OLD)]) == Plan(predict=[(1, NEW)], drop_predictions=[10])


def test_a_prediction_of_the_same_model_with_other_regions_is_replaced() -> None:
    other = replace(NEW, result=[{"id": "b"}])
    assert plan([wanted()], [present(1, A, other)]) == Plan(predict=[(1, NEW)], drop_predictions=[10])


def test_a_doubled_prediction_is_dropped() -> None:
    assert plan([wanted()], [present(1, A, NEW, NEW)]) == Plan(drop_predictions=[11])


def test_a_task_without_a_prediction_gets_it() -> None:
    bare = replace(present(1), predictions={})
    assert plan([wanted()], [bare]) == Plan(predict=[(1, NEW)])


def test_a_touched_task_keeps_the_prediction_that_was_shown() -> None:
    assert plan([wanted()], [present(1, A, OLD, touched=True)]) == Plan(unchanged=1)


def test_of_several_predictions_only_the_outdated_ones_are_replaced() -> None:
    first, second = Prediction("reader a", 1.0, [{"id": "x"}]), Prediction("reader b", 1.0, [{"id": "y"}])
    both = [wanted(A, first, second)]
    assert plan(both, [present(1, A, first, second)]) == Plan(unchanged=1)
    assert plan(both, [present(1, A, first, OLD)]) == Plan(predict=[(1, second)], drop_predictions=[11])


def test_when_the_text_changed_untouched_tasks_go_and_touched_ones_stay_and_are_named() -> None:
    rows = [present(1, A), present(2, B, touched=True), present(3, OTHER)]
    assert plan([wanted(CHANGED)], rows) == Plan(create=[wanted(CHANGED)], drop_tasks=[1], outdated=[2])


def row(**more: Any) -> dict[str, Any]:
    data = {"key": A.key, "report_id": "r1", "text_sha256": A.text_sha256, "start": 0, "end": 10}
    prediction = {"id": 7, "model_version": None, "score": None, "result": []}
    return {"id": 1, "data": data, "predictions": [prediction], "annotations": [], **more}


def test_tasks_are_read_as_the_server_lists_them() -> None:
    assert list(existing([row()])) == [
        Existing(1, A.key, "r1", A.text_sha256, 0, 10, False, {7: Prediction("", 0.0, [])})
    ]


@pytest.mark.parametrize(
    "done",
    [{"annotations": [{}]}, {"drafts": [{}]}, {"total_annotations": 1}, {"cancelled_annotations": 1}],
)
def test_a_task_is_touched_by_annotation_draft_or_skip(done: dict[str, Any]) -> None:
    assert [t.touched for t in existing([row(**done)])] == [True]
    assert [t.touched for t in existing([row(**dict.fromkeys(done))])] == [False]


@pytest.mark.parametrize("data", [None, {"text": "x"}, {**row()["data"], "start": "0"}, {**row()["data"], "key": 3}])
def test_tasks_that_no_push_made_are_passed_over(data: Any) -> None:
    assert list(existing([row(data=data)])) == []


class Server:
    """What a Label Studio server keeps, in a dictionary; `asked` are the requests that change something."""

    def __init__(self, *, breaks_after: int = 999) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.project: dict[str, Any] = {"id": 5, "model_version": ""}
        self.asked: list[tuple[str, str]] = []
        self.breaks_after = breaks_after

    def connect(self) -> LabelStudio:
        return LabelStudio("http://ls", "abc", transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, sent = request.url.path, json.loads(request.content or "null")
        if request.method == "GET":
            return httpx.Response(200, json={"tasks": list(self.rows.values()), "total": len(self.rows)})
        if len(self.asked) == self.breaks_after:
            raise httpx.ConnectError("gone", request=request)
        self.asked.append((request.method, path))
        if path.endswith("/import"):
            for each in sent:
                number = 1 + max(self.rows, default=0)
                predictions = [{"id": 100 * number + n, **p} for n, p in enumerate(each["predictions"])]
                self.rows[number] = {
                    "id": number, "data": each["data"], "annotations": [], "predictions": predictions
                }  # fmt: skip
        elif path == "/api/predictions/":
            self.rows[sent.pop("task")]["predictions"].append({"id": 9000 + len(self.asked), **sent})
        elif path.startswith("/api/predictions/"):
            for each in self.rows.values():
                each["predictions"] = [p for p in each["predictions"] if p["id"] != int(path.split("/")[3])]
        elif path.startswith("/api/tasks/"):
            del self.rows[int(path.split("/")[3])]
        else:
            self.project |= sent
        return httpx.Response(200, json={})


TAXONOMY = load_taxonomy()
TEXT = "No bed was found. " + "Nothing else was said here. " * 700


def pushed(*, model: str = "m1", report: str = "r1", text: str = TEXT) -> Pushed:
    passages = (Passage(0, 17), *(Passage(at, at + 27) for at in range(18, len(text), 28)))
    found = {
        "start": 0, "end": 17, "assertion": "failing", "assertion_score": 0.9, "actors": [],
        "categories": [{"id": "bed_shortage", "score": 0.8}],
    }  # fmt: skip
    facts = {"report_id": report, "text_sha256": sha256(text.encode()), "text": text, "model": model, "url": None}
    facts |= {"title": None, "source": "a.txt", "date": "2024-01-02", "area": None}
    return Pushed(facts, passages, [found], "all")


def test_a_report_becomes_tasks_with_its_words_and_predictions() -> None:
    first, second, third = tasks_of(pushed(), TAXONOMY, ())
    assert first.data["text"] + second.data["text"] + third.data["text"] == TEXT
    assert (first.data["place"], third.data["place"]) == ("part 1 of 3 · 2024-01-02", "part 3 of 3 · 2024-01-02")
    assert (first.data["title"], first.data["chosen"], first.data["key"]) == ("a.txt", "all", first.part.key)
    assert (first.predictions[0].score, second.predictions) == (0.8, (Prediction("m1", 0.0, []),))


def test_pushing_again_changes_nothing() -> None:
    server = Server()
    with server.connect() as connection:
        push(connection, server.project, [pushed()], TAXONOMY)
        assert server.asked == [("POST", "/api/projects/5/import"), ("PATCH", "/api/projects/5/")]
        again = push(connection, server.project, [pushed()], TAXONOMY)
    assert (len(server.asked), len(server.rows), again) == (2, 3, Plan(unchanged=3))
    assert server.project["model_version"] == "m1"


@pytest.mark.parametrize("breaks_after", [0, 1, 2, 3, 4, 5])
def test_a_push_that_was_broken_off_is_completed_by_the_next(breaks_after: int) -> None:
    server = Server()
    with server.connect() as connection:
        push(connection, server.project, [pushed()], TAXONOMY)
        server.asked, server.breaks_after = [], breaks_after
        with pytest.raises(AnnotateError, match="no Label Studio at http://ls"):
            push(connection, server.project, [pushed(model="m2"), pushed(report="r2")], TAXONOMY)
        server.breaks_after = 999
        push(connection, server.project, [pushed(model="m2"), pushed(report="r2")], TAXONOMY)
    held = [(r["data"]["report_id"], [p["model_version"] for p in r["predictions"]]) for r in server.rows.values()]
    assert sorted(held) == [("r1", ["m2"])] * 3 + [("r2", ["m1"])] * 3


def test_parts_that_are_there_stay_as_they_were_cut() -> None:
    server = Server()
    with server.connect() as connection:
        push(connection, server.project, [pushed()], TAXONOMY)
        server.rows = {1: server.rows[1]}
        server.rows[1]["data"] |= {"end": 17, "key": f"r1:{pushed().report['text_sha256'][:16]}:0-17"}
        push(connection, server.project, [pushed()], TAXONOMY)
    spans = sorted((r["data"]["start"], r["data"]["end"]) for r in server.rows.values())
    assert spans[0] == (0, 17)
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    assert spans[-1][1] == len(TEXT)


def test_annotators_see_the_model_that_predicted_most_tasks() -> None:
    server = Server()
    with server.connect() as connection:
        show_predictions(connection, server.project, [wanted(A, OLD), wanted(B, NEW), wanted(OTHER, NEW)])
    assert server.project["model_version"] == "m2"


@pytest.mark.parametrize("shown", ["m2", "failings"])
def test_nothing_is_sent_when_the_model_or_a_backend_is_shown_already(shown: str) -> None:
    server = Server()
    server.project["model_version"] = shown
    with server.connect() as connection:
        show_predictions(connection, server.project, [wanted(A, NEW)])
        show_predictions(connection, server.project, [])
    assert (server.asked, server.project["model_version"]) == ([], shown)


def test_tasks_are_imported_fifty_at_a_time_and_progress_is_told() -> None:
    server = Server()
    told: list[int] = []
    parts = [Part("r1", "aa" * 32, at, at + 1) for at in range(120)]
    with server.connect() as connection:
        carry_out(connection, 5, Plan(create=[wanted(p) for p in parts]), progress=told.append)
    assert told == [50, 50, 20]
    assert [r["data"]["key"] for r in server.rows.values()] == [p.key for p in parts]
