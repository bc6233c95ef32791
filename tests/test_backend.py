import asyncio
import base64
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.annotate.backend import make_app
from pipeline.annotate.model_shelf import ModelShelf
from pipeline.annotate.parse_regions import parse_result
from pipeline.annotate.read_reports import ReadReport
from pipeline.annotate.records import Part
from pipeline.annotate.regions import Row
from pipeline.annotate.running_model import RunningModel
from pipeline.annotate.suggestions import suggested
from pipeline.annotate.training import Schedule, Trainer
from pipeline.classify.gold import GoldReport
from pipeline.classify.model_folder import CALIBRATION, CONFIG, WEIGHTS, default_folder, load_config, write_config
from pipeline.errors import ModelError, UsageError
from pipeline.report import Actor, CategoryScore, Finding
from pipeline.taxonomy import Taxonomy, load_taxonomy

SECRET = "a secret of 24 letters.."  # noqa: S105
HEADERS = {"X-Failings-Secret": SECRET}
NOT_TOLD = "The ward staff did not tell the ambulance crew that the patient had been sedated."
NO_BED = "No bed could be found for her in the whole county."
TAXONOMY = load_taxonomy()


def refit(base: Path, reports: Sequence[GoldReport], folder: Path, *, seed: int) -> str:
    """The shipped model with other thresholds."""
    shutil.copytree(base, folder)
    calibration = json.loads((folder / CALIBRATION).read_text())
    calibration["sure"] = [0.99] * len(calibration["sure"])
    (folder / CALIBRATION).write_text(json.dumps(calibration))
    config = json.loads((folder / CONFIG).read_text())
    write_config(folder, {key: value for key, value in config.items() if key not in ("version", "sha256")})
    return load_config(folder).version


def refit_when_told(sign: Path, base: Path, reports: Sequence[GoldReport], folder: Path, *, seed: int) -> str:
    sign.with_suffix(".begun").write_text(str(os.getpid()))
    while not sign.exists():
        time.sleep(0.02)
    return refit(base, reports, folder, seed=seed)


@dataclass(frozen=True)
class Verdict:
    is_better: bool

    def as_json(self) -> Mapping[str, Any]:
        return {"f1": 0.75}


def contest(better: bool, running: Path, challenger: Path, held_back: Sequence[GoldReport], *, seed: int) -> Verdict:
    return Verdict(better)


def read_reports(number: int) -> list[ReadReport]:
    golds = [GoldReport(f"r{n}", f"A report {n}.", (), {}) for n in range(number)]
    return [ReadReport(gold, "useful", "2026-11-01T10:00:00Z") for gold in golds]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> ModelShelf:
    return ModelShelf(tmp_path_factory.mktemp("models") / "shelf", default_folder())


@pytest.fixture(scope="module")
def model(shelf: ModelShelf) -> RunningModel:
    return RunningModel(shelf, TAXONOMY)


def trainer_of(
    shelf: ModelShelf, model: RunningModel, read: int, *, sign: Path | None = None, better: bool = True
) -> Trainer:
    made = partial(refit_when_told, sign) if sign else refit
    return Trainer(
        shelf, lambda: read_reports(read), model.promote, refit=made, contest=partial(contest, better),
        schedule=Schedule(pause_seconds=0.01),
    )  # fmt: skip


@pytest.fixture(scope="module")
def client(shelf: ModelShelf, model: RunningModel) -> Iterator[TestClient]:
    """A server to whom nothing was read."""
    app = make_app(model, trainer_of(shelf, model, 0), shelf, secret=SECRET, most_bytes=100_000)
    with TestClient(app, headers=HEADERS, raise_server_exceptions=False) as client:
        yield client


def task(text: str, /, *, at: int = 0, **data: Any) -> Row:
    row = {"text": text, "report_id": "r1", "text_sha256": "0" * 64, "start": at, "end": at + len(text)}
    return {"id": 7, "data": {**row, **data}, "meta": {}, "annotations": [], "predictions": []}


def predict(client: TestClient, *tasks: Any) -> list[Row]:
    body = {"tasks": tasks, "project": "1.2", "label_config": "<View/>", "params": {"context": None}}
    answer = client.post("/predict", content=json.dumps(body))
    assert answer.status_code == 200
    results: list[Row] = answer.json()["results"]
    return results


def regions(prediction: Row, text: str) -> list[tuple[str, list[str]]]:
    """The words and the labels of each region."""
    rows = [row["value"] for row in prediction["result"] if row["type"] == "labels"]
    return [(text[v["start"] : v["end"]], v["labels"]) for v in rows]


def until(condition: Any, seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
    return found


def basic(password: str, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(f'failings:{password}'.encode()).decode()}"


ENDPOINTS = [
    ("GET", "/"),
    ("GET", "/health"),
    ("POST", "/setup"),
    ("POST", "/predict"),
    ("POST", "/webhook"),
    ("GET", "/versions"),
]
WRONG = [
    {},
    {"X-Failings-Secret": ""},
    {"X-Failings-Secret": SECRET[:-1]},
    {"X-Failings-Secret": SECRET + "."},
    {"X-Failings-Secret": SECRET.upper()},
    {"X-Failings-Secret": "\xe4\xf6\xfc" * 8},
    {"Authorization": SECRET},
    {"Authorization": f"Bearer {SECRET}"},
    {"Authorization": basic("")},
    {"Authorization": basic(SECRET[:-1])},
    {"Authorization": basic(SECRET, "Digest")},
    {"Authorization": "Basic"},
    {"Authorization": "Basic not base64!"},
    {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()},
    {"Authorization": "Basic " + base64.b64encode(SECRET.encode()).decode()},
]


@pytest.mark.parametrize(
    ("method", "path"), [*ENDPOINTS, ("GET", "/docs"), ("GET", "/openapi.json"), ("POST", "/train")]
)
@pytest.mark.parametrize("headers", WRONG, ids=str)
def test_without_the_secret_everything_is_refused(
    client: TestClient, method: str, path: str, headers: dict[str, str]
) -> None:
    given = {"X-Failings-Secret": "", **headers}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value]
    bare = TestClient(client.app, raise_server_exceptions=False)
    answer = bare.request(method, path, headers=encoded, json={"action": "START_TRAINING", "tasks": []})
    assert answer.status_code == 401
    assert answer.json() == {"error": "send the secret as X-Failings-Secret, or as the password of HTTP Basic"}
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="failings"'


def test_word_from_label_studios_own_webhook_that_carries_no_secret_has_no_effect(
    shelf: ModelShelf, model: RunningModel
) -> None:
    trainer = trainer_of(shelf, model, 3)
    with TestClient(make_app(model, trainer, shelf, secret=SECRET)) as client:
        until(lambda: trainer.state.read_since == 3)
        assert client.post("/webhook", json={"action": "START_TRAINING"}).status_code == 401
        time.sleep(0.2)
        assert client.get("/", headers=HEADERS).json()["last"] is None
    assert shelf.history == ()


@pytest.mark.parametrize(
    "headers", [HEADERS, {"Authorization": basic(SECRET)}, {"authorization": basic(SECRET, "basic")}]
)
def test_the_secret_is_a_header_or_the_password_of_http_basic(client: TestClient, headers: dict[str, str]) -> None:
    bare = TestClient(client.app)
    assert bare.get("/health", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "secret",
    ["", "fifteen letters", "a secret with a line\nend in it", " with a space at one end", "s\u00fc\u00df" * 8],
)
def test_a_secret_that_is_short_or_fits_no_header_is_refused(
    shelf: ModelShelf, model: RunningModel, secret: str
) -> None:
    with pytest.raises(UsageError, match=r"the secret (has \d+ characters|must be of printable)"):
        make_app(model, trainer_of(shelf, model, 0), shelf, secret=secret)


def test_health_setup_versions_and_status_name_the_running_model(client: TestClient) -> None:
    version = load_config(default_folder()).version
    assert client.get("/health").json() == {"status": "UP", "model_version": version}
    body = {"project": "1.2", "schema": "<View/>", "hostname": "http://x", "access_token": "t", "extra_params": None}
    assert client.post("/setup", json=body).json() == {"model_version": version}
    assert client.get("/versions").json() == {"versions": [version]}
    assert until(lambda: client.get("/").json()["read_since"] == 0)
    assert client.get("/").json() == {
        "model_version": version, "train_after": 20, "training": False, "read_since": 0, "trouble": None, "last": None,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/setup", "/predict", "/webhook"])
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"tasks"', b"\xff\xfe", b"[" * 50_000], ids=lambda c: str(c[:9])
)
def test_a_body_that_is_no_json_object_is_refused(client: TestClient, path: str, content: bytes) -> None:
    answer = client.post(path, content=content)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(("not JSON: ", "not a JSON object"))
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["/setup", "/predict", "/webhook"])
def test_a_body_that_is_too_large_is_refused_whether_it_says_its_length_or_not(client: TestClient, path: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b" " * 50_000 for _ in range(3))

    for content in (b" " * 100_001, chunks()):
        answer = client.post(path, content=content)
        assert (answer.status_code, answer.json()) == (413, {"error": "more than 100000 bytes"})


@pytest.mark.parametrize("body", [{}, {"tasks": None}, {"tasks": {"id": 1}}, {"tasks": "all"}])
def test_a_request_for_predictions_needs_a_list_of_tasks(client: TestClient, body: Any) -> None:
    answer = client.post("/predict", json=body)
    assert (answer.status_code, answer.json()) == (400, {"error": "no list of tasks"})


def test_what_is_not_there_and_what_fails_is_said_in_json(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/docs").json() == {"error": "Not Found"}
    assert (client.get("/predict").status_code, client.get("/predict").json()) == (405, {"error": "Method Not Allowed"})
    monkeypatch.setattr(ModelShelf, "versions", property(lambda _: 1 / 0))
    answer = client.get("/versions")
    assert answer.status_code == 500
    assert answer.json() == {"error": "/versions failed: see the log of `failings annotate serve`"}


def test_no_tasks_get_no_predictions(client: TestClient) -> None:
    assert predict(client) == []


def test_predictions_come_in_the_order_of_the_tasks(client: TestClient) -> None:
    texts = [NOT_TOLD, "It rained.", NO_BED, NOT_TOLD]
    answers = predict(client, *map(task, texts))
    assert [regions(a, t)[:1] for a, t in zip(answers, texts, strict=True)] == [
        [(NOT_TOLD, ["Communication gap"])],
        [],
        [(NO_BED, ["Bed shortage"])],
        [(NOT_TOLD, ["Communication gap"])],
    ]
    assert [a["score"] > 0.9 for a in answers] == [True, False, True, True]
    assert {a["model_version"] for a in answers} == {load_config(default_folder()).version}


def test_offsets_are_those_of_the_tasks_text_wherever_it_stands_in_the_report(client: TestClient) -> None:
    text = f"👩\u200d👩\u200d👧 Family\r\n\r\n{NOT_TOLD}\r\nThe weather was fine that day. 😀\r\n{NO_BED}"
    first, later = predict(client, task(text), task(text, at=59_000))
    for prediction in (first, later):
        assert regions(prediction, text) == [
            (NOT_TOLD, ["Communication gap", "Restraint"]),
            ("ward staff", ["Actor"]),
            (NO_BED, ["Bed shortage"]),
        ]
    assert [row.get("value") for row in first["result"]] == [row.get("value") for row in later["result"]]
    assert [(row["value"]["start"], row["value"]["end"]) for row in first["result"] if "value" in row] == [
        (16, 97), (16, 97), (20, 30), (133, 183), (133, 183),
    ]  # fmt: skip
    found = parse_result(later["result"], Part("r1", "0" * 64, 59_000, 59_000 + len(text)), text, TAXONOMY)
    assert found.faults == ()
    assert [(m.start, m.end, m.assertion) for m in found.marked] == [
        (59_016, 59_097, "failing"),
        (59_133, 59_183, "failing"),
    ]
    assert [(a.start, a.end, a.role) for a in found.marked[0].actors] == [(59_020, 59_030, "responsible")]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [NOT_TOLD, NO_BED, "😀", "e\u0301", "\r\n", "\n\n", "\t", " ", "&amp; <b>", "\u2028", "1.", "\x00"]
        ),
        min_size=1,
    )
)
def test_every_region_lies_on_words_of_the_task(client: TestClient, pieces: list[str]) -> None:
    text = "".join(pieces)
    (prediction,) = predict(client, task(text, at=11))
    assert parse_result(prediction["result"], Part("r1", "0" * 64, 11, 11 + len(text)), text, TAXONOMY).faults == ()
    for words, _ in regions(prediction, text):
        assert words == words.strip()
        assert words


@pytest.mark.parametrize(
    ("foreign", "reason"),
    [
        ({"id": 7, "data": {"text": NOT_TOLD}}, "its data lack report_id, text_sha256, start, end"),
        ({"id": 7}, "it has no data"),
        ({"id": 7, "data": []}, "it has no data"),
        (None, "it has no data"),
        ("task", "it has no data"),
        (task(NOT_TOLD, text=None), "its data lack text"),
        (task(NOT_TOLD, start=True), "its data lack start"),
        (task(NOT_TOLD, start="0"), "its data lack start"),
        (task(NOT_TOLD, end=5), "its text of 81 characters is not [0, 5) of a report"),
        (task(NOT_TOLD, start=-1, end=80), "its text of 81 characters is not [-1, 80) of a report"),
        (task(""), "its text of 0 characters is not [0, 0) of a report"),
        (task("half \ud83d a face"), "its text is not Unicode"),
    ],
)
def test_a_task_that_is_not_ours_gets_an_empty_prediction_and_its_neighbours_theirs(
    client: TestClient, caplog: pytest.LogCaptureFixture, foreign: Any, reason: str
) -> None:
    with caplog.at_level(logging.WARNING, "pipeline.annotate.running_model"):
        empty, full = predict(client, foreign, task(NO_BED))
    assert empty == {"result": [], "score": 0.0, "model_version": load_config(default_folder()).version}
    assert regions(full, NO_BED) == [(NO_BED, ["Bed shortage"])]
    assert reason in caplog.text


def test_the_same_answer_comes_twice_and_to_many_at_once_as_to_one(
    client: TestClient, model: RunningModel, shelf: ModelShelf
) -> None:
    texts = [f"{'It rained. ' * n}{NOT_TOLD} On day {n}, {NO_BED}" for n in range(24)]
    with ThreadPoolExecutor(8) as askers:
        at_once = list(askers.map(lambda text: predict(client, task(text)), texts))
    model.promote(shelf.base_version)  # loads it again, so that nothing is remembered
    serial = predict(client, *map(task, texts))
    assert [answer for (answer,) in at_once] == serial
    assert predict(client, *map(task, texts)) == serial
    assert all(answer["result"] for answer in serial)


def test_an_annotators_task_does_not_wait_for_the_whole_of_a_long_batch(client: TestClient) -> None:
    batch = [task(f"{n}. " + f"{NOT_TOLD} " * 20) for n in range(20)]
    with ThreadPoolExecutor(1) as other:
        long = other.submit(predict, client, *batch)
        time.sleep(0.1)
        (mine,) = predict(client, task(f"Mine. {NO_BED}"))
        assert not long.done()
        assert client.get("/health").status_code == 200
        assert not long.done()
        assert len(long.result()) == 20
    assert mine["result"]


def test_a_batch_that_nobody_waits_for_any_longer_is_given_up(shelf: ModelShelf, model: RunningModel) -> None:
    app = make_app(model, trainer_of(shelf, model, 0), shelf, secret=SECRET)
    body = json.dumps({"tasks": [task(NO_BED)] * 3}).encode()
    heard: list[Any] = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]
    said: list[Any] = []

    async def receive() -> Any:
        return heard.pop(0)

    async def send(message: Any) -> None:
        said.append(message)

    headers = [(b"x-failings-secret", SECRET.encode())]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/predict",
        "headers": headers,
        "query_string": b"",
        "http_version": "1.1",
    }
    asyncio.run(app(scope, receive, send))
    assert said[0]["status"] == 499
    assert b"nobody waits any longer" in said[1]["body"]


def test_categories_that_are_not_in_the_taxonomy_are_left_out(shelf: ModelShelf) -> None:
    only = Taxonomy(tuple(c for c in TAXONOMY.categories if c.id == "bed_shortage"))
    text = f"{NOT_TOLD} {NO_BED}"
    prediction = RunningModel(shelf, only).prediction(task(text)).result()
    assert regions(prediction, text) == [(NO_BED, ["Bed shortage"])]


def test_a_finding_as_a_suggestion_has_its_responsible_actors_once_and_in_order() -> None:
    crew, trust = Actor(20, 24, "crew", None, "ambulance"), Actor(4, 9, "Trust", None, "nhs_trust", "addressee")
    bystander = Actor(30, 36, "police", None, "police", "mentioned")
    categories = (CategoryScore("policy", 0.9), CategoryScore("training", 0.7))
    finding = Finding(2, 40, "q", None, "recommendation", 0.8, categories, actors=(crew, trust, crew, bystander))
    made = suggested(finding, at=100)
    assert (made.marked.start, made.marked.end, made.marked.categories) == (102, 140, ("policy", "training"))
    assert [(a.start, a.end, a.role) for a in made.marked.actors] == [
        (104, 109, "addressee"),
        (120, 124, "responsible"),
    ]
    assert (made.scores, made.assertion_score) == ({"policy": 0.9, "training": 0.7}, 0.8)


@pytest.mark.parametrize("action", ["ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED"])
def test_word_of_an_annotation_makes_the_trainer_look(shelf: ModelShelf, model: RunningModel, action: str) -> None:
    read: list[ReadReport] = []
    trainer = Trainer(
        shelf, lambda: list(read), model.promote, refit=refit, contest=contest, schedule=Schedule(pause_seconds=0.01)
    )
    with TestClient(make_app(model, trainer, shelf, secret=SECRET), headers=HEADERS) as client:
        until(lambda: trainer.state.read_since == 0)
        read += read_reports(2)
        for other in ("PROJECT_UPDATED", None, 7, ["START_TRAINING"], {}):
            assert client.post("/webhook", json={"action": other}).json() == {"status": "ignored", "training": False}
        assert client.post("/webhook", json={"action": action, "annotation": "?"}).json() == {
            "status": "heard",
            "training": False,
        }
        assert until(lambda: client.get("/").json()["read_since"] == 2)
    assert shelf.history == ()


def test_training_leaves_predictions_and_webhooks_quick_and_a_worse_model_is_not_used(
    shelf: ModelShelf, model: RunningModel, tmp_path: Path
) -> None:
    base = shelf.base_version
    trainer = trainer_of(shelf, model, 20, sign=tmp_path / "go", better=False)
    with TestClient(make_app(model, trainer, shelf, secret=SECRET), headers=HEADERS) as client:
        until((tmp_path / "go.begun").exists)
        assert client.get("/").json()["training"]
        for action in ("ANNOTATION_CREATED", "START_TRAINING"):
            began = time.monotonic()
            assert client.post("/webhook", json={"action": action}).json() == {"status": "heard", "training": True}
            assert time.monotonic() - began < 0.2
        assert predict(client, task(NO_BED))[0]["model_version"] == base
        (tmp_path / "go").write_text("")
        last = until(lambda: client.get("/").json()["last"])
        assert (last["promoted"], last["figures"], last["reason"]) == (False, {"f1": 0.75}, None)
        assert predict(client, task(NO_BED))[0]["model_version"] == base
        assert client.get("/versions").json() == {"versions": [base, last["challenger"]]}


def test_a_model_that_cannot_be_loaded_leaves_the_old_one_answering(model: RunningModel, shelf: ModelShelf) -> None:
    made = shelf.workplace()
    shutil.copytree(default_folder(), made)
    (made / WEIGHTS).write_bytes(b"no network")
    config = json.loads((made / CONFIG).read_text())
    write_config(made, {key: value for key, value in config.items() if key not in ("version", "sha256")})
    version = shelf.keep(made)
    with pytest.raises(ModelError, match="cannot be loaded"):
        model.promote(version)
    shutil.rmtree(shelf.folder / version)
    assert shelf.current == default_folder()
    assert regions(model.prediction(task(NO_BED)).result(), NO_BED) == [(NO_BED, ["Bed shortage"])]


def test_a_better_model_answers_from_then_on_and_after_a_restart(tmp_path: Path, model: RunningModel) -> None:
    shelf = ModelShelf(tmp_path / "shelf", default_folder())
    running = RunningModel(shelf, TAXONOMY)
    trainer = trainer_of(shelf, running, 5)
    with TestClient(make_app(running, trainer, shelf, secret=SECRET), headers=HEADERS) as client:
        before = predict(client, task(NO_BED))[0]
        assert client.post("/webhook", json={"action": "START_TRAINING", "project": {}}).json()["status"] == "heard"
        last = until(lambda: client.get("/").json()["last"])
        assert (last["promoted"], last["forced"], last["running"]) == (True, True, shelf.base_version)
        version = last["challenger"]
        assert version != shelf.base_version
        assert client.get("/versions").json() == {"versions": [version, shelf.base_version]}
        assert client.post("/setup", json={}).json() == {"model_version": version}
        after = predict(client, task(NO_BED))[0]
        assert (after["model_version"], after["result"]) == (version, before["result"])
    assert RunningModel(ModelShelf(shelf.folder, default_folder()), TAXONOMY).version == version
