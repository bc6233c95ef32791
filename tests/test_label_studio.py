"""The annotation loop against a real Label Studio server: what goes out, what people do there, and what comes back."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from label_studio_server import ADMIN, PASSWORD, READY, TOKEN, Server, folder, free_port, running, sign_up

from pipeline.annotate.label_studio import LabelStudio
from pipeline.annotate.read_project import read_reports_of
from pipeline.classify.gold import GoldReport, corpus_folder, read_gold
from pipeline.cli import main
from pipeline.report import Actor, Analysed, CategoryScore, Finding, Passage, Report, sha256
from pipeline.store.connect import open_engine
from pipeline.store.reader import read_findings
from pipeline.store.writer import Versions, Writer
from pipeline.taxonomy import load_taxonomy

CHROMIUM = "/usr/bin/chromium"
PROJECT = "a project for tests"
SECOND = "second@example.com"
REPORTS = 100
SECRET = "a secret that only the tests know"  # noqa: S105
ROOT = Path(__file__).parent.parent
CORPUS = corpus_folder().resolve()
AWKWARD = {
    "emoji": "The crew 🚑 did not tell the ward 🏥. Nobody rang the family 👨‍👩‍👧.\n\nStaff held him face down.",
    "combining": "Zoe\u0301 was not seen by the cafe\u0301 team. The re\u0301sume\u0301 was lost.",
    "crlf": "1. The form was not filled in.\r\n\r\n2. No bed could be found.\r\nThe ward was full.",
    "tabs and marks": "A\tB & C &amp; D <b>did not</b> speak.\tThe line \\n was lost.",
}
Json = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the migrated database of `make label-studio`."""
    place = folder()
    if not (place / READY).exists():
        pytest.skip(f"no Label Studio in {place}: `make label-studio` installs it")
    data = tmp_path_factory.mktemp("label-studio") / "data"
    shutil.copytree(place / "template", data)
    with running(place / "env", data) as started:
        yield started


@pytest.fixture
def cli(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `failings annotate` against the server; returns exit status, stdout and stderr."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", TOKEN)
    monkeypatch.setenv("LABEL_STUDIO_URL", server.url)
    monkeypatch.chdir(tmp_path)

    def call(*args: object) -> tuple[int, str, str]:
        status = main(["annotate", *map(str, args)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


@pytest.fixture
def api(server: Server) -> Iterator[LabelStudio]:
    """The administrator's connection."""
    with LabelStudio(server.url, TOKEN) as connection:
        yield connection


def passages_of(text: str) -> tuple[Passage, ...]:
    """Lines, as passages."""
    found, at = [], 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            found.append(Passage(at, at + len(line.rstrip())))
        at += len(line)
    return tuple(found)


def store_of(
    path: Path, reports: Sequence[tuple[Report, tuple[Passage, ...], tuple[Finding, ...]]], model: str = "m-1"
) -> Path:
    """A store with reports and findings as given."""
    writer = Writer(open_engine(f"sqlite:///{path}", create=True), Versions(model, "t-1", "p-1"), {})
    for report, passages, findings in reports:
        writer.add(Analysed(report, passages, findings))
    return path


def finding(
    text: str, start: int, end: int, category: str = "communication_gap", assertion: Any = "failing"
) -> Finding:
    """A finding that is as sure as can be."""
    return Finding(start, end, text[start:end], None, assertion, 0.9, (CategoryScore(category, 0.8),))


def awkward_reports() -> list[tuple[Report, tuple[Passage, ...], tuple[Finding, ...]]]:
    """Short texts of ours with all that offsets trip over, each line a finding."""
    found = []
    for name, text in AWKWARD.items():
        passages = passages_of(text)
        findings = tuple(finding(text, p.start, p.end) for p in passages)
        found.append((Report(text, f"{name}.txt", sha256(text.encode())), passages, findings))
    return found


def dev_reports() -> list[GoldReport]:
    """The first reports of dev."""
    path = CORPUS / "dev.jsonl"
    if not path.is_file():
        pytest.skip(f"no labelled corpus at {path}")
    return list(read_gold(path))[:REPORTS]


def labelled(gold: GoldReport) -> tuple[Report, tuple[Passage, ...], tuple[Finding, ...]]:
    """A gold report as if a model had found just what is labelled."""
    findings = []
    for label in sorted(gold.labels.values(), key=lambda label: label.start):
        actors = tuple(Actor(a, b, gold.text[a:b], None, "service") for a, b in label.actors)
        scores = tuple(CategoryScore(c, 0.7) for c in label.categories)
        quote = gold.text[label.start : label.end]
        findings.append(Finding(label.start, label.end, quote, None, label.assertion, 0.9, scores, actors))
    return Report(gold.text, f"{gold.id}.txt", sha256(gold.text.encode())), gold.passages, tuple(findings)


def tasks_in(api: LabelStudio, project: str = PROJECT) -> list[Json]:
    (found,) = api.projects(project)
    return sorted(api.tasks(found["id"]), key=lambda t: t["id"])


def edited(task: Json) -> list[Json]:
    """What a second reader makes of a prediction: the first finding out, a letter off the last, and a new one on the first letters."""
    rows = [dict(row) for row in task["predictions"][0]["result"]]
    spans = [row for row in rows if row.get("from_name") == "category"]
    gone = {spans[0]["id"]} if len(spans) > 1 else set()
    rows = [r for r in rows if r.get("id") not in gone and r.get("from_id") not in gone]
    for row in rows:
        if spans and row.get("id") == spans[-1]["id"]:
            row["value"] = {**row["value"], "end": row["value"]["end"] - 1}
    related = {r["to_id"] for r in rows if r["type"] == "relation"}
    rows = [r for r in rows if r.get("from_name") != "actor" or r["id"] in related]
    value = {"start": spans[0]["value"]["start"], "end": spans[0]["value"]["start"] + 3} if spans else {}
    labels, said = {**value, "labels": ["Staffing"]}, {**value, "choices": ["alleged"]}
    new = [
        {"id": "new1", "from_name": "category", "to_name": "text", "type": "labels", "value": labels},
        {"id": "new1", "from_name": "assertion", "to_name": "text", "type": "choices", "value": said},
    ]
    return [*rows, *(new if spans else []), ticked()]


def ticked() -> Json:
    return {"id": "read", "from_name": "fully_read", "to_name": "text", "type": "choices",
            "value": {"choices": ["I have read all of this part"]}}  # fmt: skip


def annotate(server: Server, token: str, task: Json, result: list[Json]) -> Json:
    """Submit an annotation as the user of a token does."""
    with LabelStudio(server.url, token) as user:
        made: Json = user.ask(
            "POST", f"/api/tasks/{task['id']}/annotations/", json={"result": result, "lead_time": 12.5}
        )
        return made


def spans_of(result: list[Json], data: Json) -> set[tuple[int, int, tuple[str, ...]]]:
    """Intervals in the report's text with their labels, read without any code of ours."""
    offset = data["start"]
    return {
        (r["value"]["start"] + offset, r["value"]["end"] + offset, tuple(r["value"]["labels"]))
        for r in result
        if r.get("from_name") == "category"
    }


def lines_of(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def names() -> dict[str, str]:
    return {c.id: c.name for c in load_taxonomy().categories}


def test_two_people_correct_a_hundred_reports_and_every_offset_comes_back_exact(
    server: Server, cli: Callable[..., tuple[int, str, str]], api: LabelStudio, tmp_path: Path
) -> None:
    reports = [*(labelled(g) for g in dev_reports()), *awkward_reports()]
    store = store_of(tmp_path / "findings.db", reports)
    status, out, err = cli("push", "--project", PROJECT, "--store", store, "--readers", 2)
    assert status == 0, err
    tasks = tasks_in(api)
    assert len({t["data"]["report_id"] for t in tasks}) == len(reports)
    assert all(len(t["data"]["text"].split()) <= 1500 for t in tasks)

    tokens = {ADMIN: TOKEN, SECOND: sign_up(server, SECOND)}
    sent: dict[tuple[str, str], Json] = {}
    for task in tasks:
        for email, result in ((ADMIN, [*task["predictions"][0]["result"], ticked()]), (SECOND, edited(task))):
            annotate(server, tokens[email], task, result)
            sent[task["data"]["key"], email] = {"data": task["data"], "result": result}

    status, out, err = cli("pull", "--project", PROJECT, "--store", store, "-o", "gold", "--json")
    assert status == 0, err
    assert json.loads(out)["readings"] == len(sent)
    assert json.loads(out)["annotators"] == sorted(tokens)
    called = names()
    texts = {r.text_sha256: r.text for r, _, _ in reports}
    came = 0
    for row in lines_of(tmp_path / "gold" / "gold.jsonl"):
        assert row["text"] == texts[row["text_sha256"]]
        for reading in row["readings"]:
            key = f"{row['id']}:{row['text_sha256'][:16]}:{reading['start']}-{reading['end']}"
            wanted = sent[key, reading["annotator"]]
            got = {(m["start"], m["end"], tuple(called[c] for c in m["categories"])) for m in reading["marked"]}
            assert got == spans_of(wanted["result"], wanted["data"])
            came += 1
    assert came == len(sent)

    status, out, err = cli("push", "--project", PROJECT, "--store", store)
    assert status == 0, err
    assert "0 new tasks" in out
    assert [t["id"] for t in tasks_in(api)] == [t["id"] for t in tasks]


def test_what_was_changed_against_the_prediction_is_told(
    server: Server, cli: Callable[..., tuple[int, str, str]], api: LabelStudio, tmp_path: Path
) -> None:
    store = store_of(tmp_path / "findings.db", awkward_reports())
    cli("push", "--project", "changes", "--store", store)
    for task in tasks_in(api, "changes"):
        annotate(server, TOKEN, task, edited(task))
    status, out, err = cli("pull", "--project", "changes", "--store", store, "-o", "gold", "--json")
    assert status == 0, err
    # Findings: emoji 2, crlf 3, the others 1 each. The last of each is a letter shorter. With several the first is taken out and
    # Staffing put on its first letters instead: the same finding with other words and labels. With one, Staffing is new.
    assert json.loads(out)["changes"] == {
        "kept": 1, "moved": 4, "relabelled": 0, "moved and relabelled": 2, "added": 2, "removed": 0,
    }  # fmt: skip


def test_a_push_again_mends_what_was_lost_doubled_or_outdated(
    server: Server, cli: Callable[..., tuple[int, str, str]], api: LabelStudio, tmp_path: Path
) -> None:
    store = store_of(tmp_path / "findings.db", awkward_reports())
    cli("push", "--project", "mending", "--store", store)
    before = tasks_in(api, "mending")
    (project,) = api.projects("mending")
    api.ask("DELETE", f"/api/tasks/{before[0]['id']}/")  # half an import
    api.ask("POST", f"/api/projects/{project['id']}/import", json=[{"data": before[1]["data"]}])  # an import done twice
    annotate(server, TOKEN, before[3], [ticked()])
    newer = store_of(tmp_path / "newer.db", awkward_reports(), model="m-2")

    status, out, err = cli("push", "--project", "mending", "--store", newer)
    assert status == 0, err
    assert "1 new tasks of 1 reports, 2 with new predictions, 1 unchanged" in out
    after = tasks_in(api, "mending")
    assert sorted(t["data"]["key"] for t in after) == sorted(t["data"]["key"] for t in before)
    models = {t["id"]: [p["model_version"] for p in t["predictions"]] for t in after}
    assert models[before[3]["id"]] == ["m-1"], "what an annotator was shown stays with the annotation"
    assert sorted(m for t, m in models.items() if t != before[3]["id"]) == [["m-2"]] * 3


def test_a_changed_text_makes_new_tasks_and_keeps_the_annotated_ones(
    server: Server, cli: Callable[..., tuple[int, str, str]], api: LabelStudio, tmp_path: Path
) -> None:
    store = store_of(tmp_path / "findings.db", awkward_reports())
    cli("push", "--project", "changed", "--store", store)
    (task, *_) = tasks_in(api, "changed")
    annotate(server, TOKEN, task, [ticked()])
    api.ask("PATCH", f"/api/tasks/{task['id']}/", json={"data": {**task["data"], "text": task["data"]["text"] + "!"}})
    status, _, err = cli("pull", "--project", "changed", "--store", store, "-o", "gold")
    assert status == 1
    assert f"task {task['id']}: its text is not the part of the report that it says" in err


def test_clear_words_when_the_server_the_token_or_the_project_is_gone(
    server: Server,
    cli: Callable[..., tuple[int, str, str]],
    api: LabelStudio,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = store_of(tmp_path / "findings.db", awkward_reports())
    nobody = f"http://127.0.0.1:{free_port()}"
    status, _, err = cli("push", "--url", nobody, "--store", store)
    assert (status, err.startswith(f"failings: no Label Studio at {nobody}:")) == (1, True)

    made = api.ask("POST", "/api/projects/", json={"title": "to be deleted"})
    api.ask("DELETE", f"/api/projects/{made['id']}/")
    status, _, err = cli("pull", "--project", made["id"], "-o", "gold")
    assert status == 1
    assert "has it been deleted" in err
    status, _, err = cli("pull", "--project", "to be deleted", "-o", "gold")
    assert "no project 'to be deleted': `failings annotate push` makes it" in err

    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "f" * 40)
    status, _, err = cli("push", "--store", store)
    assert (status, "refuses the token" in err) == (1, True)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "")
    assert cli("push", "--store", store)[0] == 2


def test_agreement_is_the_one_counted_by_hand_and_a_third_reader_decides(
    server: Server, cli: Callable[..., tuple[int, str, str]], api: LabelStudio, tmp_path: Path
) -> None:
    text = "No bed was free.\nNobody rang the family.\nThe notes were lost.\nHe was held down.\nIt rained."
    passages = passages_of(text)
    found = tuple(finding(text, p.start, p.end, "bed_shortage") for p in passages[:4])
    store = store_of(tmp_path / "findings.db", [(Report(text, "r.txt", sha256(text.encode())), passages, found)])
    cli("push", "--project", "agreed", "--store", store, "--readers", 2)
    (task,) = tasks_in(api, "agreed")
    rows = task["predictions"][0]["result"]
    third = sign_up(server, "third@example.com")
    annotate(server, TOKEN, task, [*rows, ticked()])  # bed shortage on sentences 1 to 4
    fewer = [row for row in rows if row["value"]["start"] != passages[3].start]
    for row in fewer:
        if row["value"]["start"] == passages[2].start and row["from_name"] == "category":
            row["value"] = {**row["value"], "labels": ["Record keeping"]}
    annotate(server, third, task, [*fewer, ticked()])  # the same on 1 and 2, record keeping on 3, nothing on 4

    status, out, err = cli(
        "agreement", "--project", "agreed", "--store", store, "--json", "--adjudicate", "--disagreements", "d.csv"
    )
    assert status == 0, err
    measured = json.loads(out[: out.rindex("}") + 1])
    # Findings: 4 and 3, on 3 both. Categories: 4 and 3, on 2 both.
    assert measured["sentence_f1"]["value"] == pytest.approx(2 * 3 / (4 + 3))
    assert measured["category_f1"]["value"] == pytest.approx(2 * 2 / (4 + 3))
    # Alpha for any finding: 10 codes, 7 yes, 3 no; 1 of 5 sentences differs. Observed 2/10; expected 2*7*3/(10*9).
    assert measured["finding_alpha"]["value"] == pytest.approx(1 - (2 / 10) / (2 * 7 * 3 / 90))
    assert measured["disagreements"] == {"finding": 1, "categories": 1, "assertion": 0, "boundaries": 0}
    assert len((tmp_path / "d.csv").read_text(encoding="utf-8-sig").splitlines()) == 1 + 2 * 2

    cli("pull", "--project", "agreed", "--store", store, "-o", "gold")
    (row,) = lines_of(tmp_path / "gold" / "gold.jsonl")
    assert row["disputed"] == [[p.start, p.end] for p in passages[2:4]]
    assert row["sentences"] == [[p.start, p.end] for p in (*passages[:2], passages[4])]
    (last,) = tasks_in(api, "agreed: adjudication")
    assert [p["model_version"] for p in last["predictions"]] == [f"reader {ADMIN}", "reader third@example.com"]
    annotate(server, TOKEN, last, [*fewer, ticked()])
    status, out, err = cli("pull", "--project", "agreed", "--store", store, "-o", "gold")
    assert status == 0, err
    (row,) = lines_of(tmp_path / "gold" / "gold.jsonl")
    assert row["disputed"] == []
    assert [(x["start"], x["categories"]) for x in row["labels"]] == [
        (passages[0].start, ["bed_shortage"]), (passages[1].start, ["bed_shortage"]), (passages[2].start, ["record_keeping"]),
    ]  # fmt: skip
    (learnt,) = read_reports_of(api, "agreed", load_taxonomy(), lambda _: None, passages_of)
    assert learnt.gold.labels[passages[2].start, passages[2].end].categories == ("record_keeping",)
    reviewed = list(read_findings(open_engine(f"sqlite:///{store}")))
    assert [(r["start"], r["reviewed_by"], r["categories"][0]["id"]) for r in reviewed] == [
        (passages[0].start, ADMIN, "bed_shortage"), (passages[1].start, ADMIN, "bed_shortage"),
        (passages[2].start, ADMIN, "record_keeping"),
    ]  # fmt: skip


def test_categories_of_ones_own_go_out_and_come_back(
    server: Server, cli: Callable[..., tuple[int, str, str]], api: LabelStudio, tmp_path: Path
) -> None:
    text = "No interpreter was called.\nIt rained."
    (tmp_path / "own.toml").write_text('[interpreting]\nname = "Interpreting"\ndefinition = "No interpreter."\n')
    found = (finding(text, 0, text.index("\n"), "interpreting"),)
    store = store_of(
        tmp_path / "findings.db", [(Report(text, "r.txt", sha256(text.encode())), passages_of(text), found)]
    )
    status, _, err = cli("push", "--project", "own", "--store", store)
    assert (status, "interpreting" in err) == (1, True)
    status, _, err = cli("push", "--project", "own", "--store", store, "--taxonomy", "own.toml")
    assert status == 0, err
    (task,) = tasks_in(api, "own")
    annotate(server, TOKEN, task, [*task["predictions"][0]["result"], ticked()])
    status, _, err = cli("pull", "--project", "own", "--store", store, "--taxonomy", "own.toml", "-o", "gold")
    assert status == 0, err
    (row,) = lines_of(tmp_path / "gold" / "gold.jsonl")
    assert [label["categories"] for label in row["labels"]] == [["interpreting"]]


@pytest.fixture
def backend(server: Server, tmp_path: Path) -> Iterator[Callable[[str, Path], str]]:
    """Start `failings annotate serve` for a project; returns its address."""
    started: list[subprocess.Popen[bytes]] = []

    def start(project: str, store: Path) -> str:
        port = free_port()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "LABEL_STUDIO_API_KEY": TOKEN, "FAILINGS_SECRET": SECRET}
        command = [sys.executable, "-m", "pipeline", "annotate", "serve", "--url", server.url, "--project", project, "--store", store,
                   "--port", str(port), "--models", tmp_path / "models"]  # fmt: skip
        started.append(subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE))
        assert started[-1].stderr
        said = b""
        for line in started[-1].stderr:
            if b"answers at" in line:
                return f"http://127.0.0.1:{port}"
            said += line
        raise AssertionError(f"the backend ended with {started[-1].wait()}: {said.decode()}")

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def test_a_backend_gives_live_predictions_hears_of_annotations_and_trains_at_a_button(
    server: Server, cli: Callable[..., tuple[int, str, str]], api: LabelStudio, backend: Any, tmp_path: Path
) -> None:
    text = "The crew 🚑 did not tell the ward what they had been given.\r\nNo bed could be found in the county."
    store = store_of(tmp_path / "findings.db", [(Report(text, "r.txt", sha256(text.encode())), passages_of(text), ())])
    cli("push", "--project", "live", "--store", store)
    (task,) = tasks_in(api, "live")
    url = backend("live", store)
    assert httpx.get(url).status_code == 401

    everything = {
        "selectedItems": {"all": True, "excluded": []},
        "ordering": [],
        "filters": {"conjunction": "and", "items": []},
    }
    api.ask(
        "POST",
        "/api/dm/actions",
        json=everything,
        params={"id": "retrieve_tasks_predictions", "project": task["project"]},
    )
    (task,) = tasks_in(api, "live")
    live = next(p for p in task["predictions"] if p["model_version"] != "m-1")
    spans = [r["value"] for r in live["result"] if r.get("from_name") == "category"]
    assert [text[s["start"] : s["end"]] for s in spans] == text.split("\r\n")

    annotate(server, TOKEN, task, [*live["result"], ticked()])
    assert _status(url, lambda state: state["read_since"] == 1)["last"] is None
    url = backend("live", store)  # started again at another address: the connection moves with it
    (model,) = api.ask("GET", "/api/ml/", params={"project": task["project"]})
    (hook,) = api.ask("GET", "/api/webhooks/", params={"project": task["project"]})
    assert (model["url"], hook["url"]) == (url, f"{url}/webhook")
    api.ask("POST", f"/api/ml/{model['id']}/train")
    ended = _status(url, lambda state: state["last"] is not None)["last"]
    assert (ended["forced"], ended["promoted"]) == (True, False)
    assert ended["reason"].startswith("nothing to ")


def _status(url: str, is_so: Callable[[Json], bool]) -> Json:
    for _ in range(150):
        state: Json = httpx.get(url, headers={"X-Failings-Secret": SECRET}).json()
        if is_so(state):
            return state
        time.sleep(0.2)
    raise AssertionError(f"the backend says {state}")


def test_what_a_browser_or_another_tool_wrote_wrongly_is_named_and_left_out(
    server: Server, cli: Callable[..., tuple[int, str, str]], api: LabelStudio, tmp_path: Path
) -> None:
    store = store_of(tmp_path / "findings.db", awkward_reports())
    cli("push", "--project", "wrong", "--store", store)
    first, second, *_ = tasks_in(api, "wrong")
    value = {"start": 5, "end": 9999, "labels": ["Staffing"]}
    annotate(
        server,
        TOKEN,
        first,
        [{"id": "far", "from_name": "category", "to_name": "text", "type": "labels", "value": value}, ticked()],
    )
    annotate(server, TOKEN, second, [ticked()])
    status, out, err = cli("pull", "--project", "wrong", "--store", store, "-o", "gold", "--json")
    assert status == 1
    assert f"task {first['id']}, annotation " in err
    assert "region far: region [5, 9999) does not fit" in err
    assert json.loads(out)["readings"] == 1
    (problem, *_) = lines_of(tmp_path / "gold" / "problems.jsonl")
    assert (problem["task"], problem["region"]) == (first["id"], "far")


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Any]:
    """A page of a headless browser, on a laptop's screen."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no {CHROMIUM}: install Debian's package chromium")
    from playwright.sync_api import sync_playwright

    quiet = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync")  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        yield browser.new_page(viewport={"width": 1366, "height": 768})
        browser.close()


PLACE_OF = """words => {
  const walker = document.createTreeWalker(document.querySelector('.report-text'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.data.indexOf(words);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(walker.currentNode, at); range.setEnd(walker.currentNode, at + words.length);
    walker.currentNode.parentElement.scrollIntoView({block: 'center'});
    const boxes = [...range.getClientRects()];
    return [boxes[0].left, boxes[0].top + boxes[0].height / 2, boxes.at(-1).right, boxes.at(-1).top + boxes.at(-1).height / 2];
  }
}"""


def _wait_for_annotation(api: LabelStudio, task: int) -> None:
    for _ in range(100):
        if api.ask("GET", f"/api/tasks/{task}/annotations/"):
            return
        time.sleep(0.2)
    raise AssertionError(f"task {task} was not submitted")


def test_in_a_browser_predictions_are_coloured_and_a_span_made_by_mouse_comes_back_exact(
    server: Server, cli: Callable[..., tuple[int, str, str]], api: LabelStudio, page: Any, tmp_path: Path
) -> None:
    text = (
        "CORONER'S CONCERNS\n\nThe crew 🚑 of Westmere Ambulance Service did not tell the ward what they had been given.\n"
        "Staff held him face down for nine minutes.\nThe Trust should review its handover."
    )
    passages = passages_of(text)[1:]
    kinds = (("communication_gap", "failing"), ("communication_gap", "recommendation"))
    findings = tuple(finding(text, p.start, p.end, *k) for p, k in zip((passages[0], passages[2]), kinds, strict=True))
    report = Report(text, "report.txt", sha256(text.encode()), {"title": "A night in Westmere", "date": "2024-05-01"})
    store = store_of(tmp_path / "findings.db", [(report, passages, findings)])
    cli("push", "--project", "by mouse", "--store", store)
    (task,) = tasks_in(api, "by mouse")

    page.goto(f"{server.url}/user/login/")
    page.fill("#email", ADMIN)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")
    page.goto(f"{server.url}/projects/{task['project']}/data?task={task['id']}")
    page.wait_for_selector(".htx-highlight", timeout=60_000)
    assert page.locator(".htx-highlight").all_inner_texts() == [f.quote for f in findings]
    colour = page.locator(".htx-highlight").first.evaluate("e => getComputedStyle(e).backgroundColor")
    assert colour not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)")

    words = "Staff held him face down for nine minutes."
    x0, y0, x1, y1 = page.evaluate(PLACE_OF, words)
    page.get_by_text("Restraint", exact=True).first.click()
    page.mouse.move(x0 + 1, y0)
    page.mouse.down()
    page.mouse.move((x0 + x1) / 2, y0, steps=5)
    page.mouse.move(x1, y1, steps=5)
    page.mouse.up()
    page.wait_for_function("document.querySelectorAll('.htx-highlight').length === 3")
    page.locator(".htx-highlight").nth(1).click()
    page.keyboard.press("a")
    page.locator(".labels-bar input[type=radio]:checked").wait_for()
    page.get_by_text("I have read all of this part").click()
    shots = os.environ.get("FAILINGS_SCREENSHOTS")
    page.screenshot(path=str(Path(shots or tmp_path) / "annotating.png"))
    page.get_by_placeholder("Comment (optional)").fill("Who held him is not said.")  # and no press of Add
    page.get_by_role("button", name="Submit").click()
    _wait_for_annotation(api, task["id"])

    status, out, err = cli("pull", "--project", "by mouse", "--store", store, "-o", "gold", "--json")
    assert status == 0, err
    (row,) = lines_of(tmp_path / "gold" / "gold.jsonl")
    at = text.index(words)
    (reading,) = row["readings"]
    assert {
        "start": at,
        "end": at + len(words),
        "assertion": "failing",
        "categories": ["restraint"],
        "actors": [],
    } in reading["marked"]
    assert [text[m["start"] : m["end"]] for m in reading["marked"]] == [findings[0].quote, words, findings[1].quote]
    assert reading["comment"] == "Who held him is not said."
    assert json.loads(out)["changes"]["kept"] == 2
    assert json.loads(out)["changes"]["added"] == 1
