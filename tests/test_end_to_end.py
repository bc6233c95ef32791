"""The whole path on the sample reports, as a user runs it."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from postgres_server import Server

ROOT = Path(__file__).parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


def dump(store: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of a store but those that tell when it was run."""
    connection = sqlite3.connect(store)
    tables = ("reports", "sources", "pages", "passages", "findings", "finding_categories", "actors")
    rows = {t: sorted(connection.execute(f"SELECT * FROM {t}").fetchall(), key=str) for t in tables}  # noqa: S608
    rows["failures"] = sorted(connection.execute("SELECT source, reason FROM failures").fetchall())
    connection.close()
    return rows


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample reports and a store of them."""
    folder = tmp_path_factory.mktemp("done")
    shutil.copytree(ROOT / "samples" / "reports", folder / "reports")
    command = [sys.executable, "-m", "pipeline", "run", "reports", "--json"]
    run = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    (folder / "summary.json").write_text(run.stdout)
    return folder


@pytest.fixture
def store(done: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of that store as findings.db in the test's own folder."""
    shutil.copy(done / "findings.db", tmp_path / "findings.db")
    return tmp_path / "findings.db"


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().decode().split("\n") if line]


def records(failings: Run, *args: object) -> list[dict[str, Any]]:
    found = failings("search", "--json", *args)
    assert found.returncode == 0, found.stderr
    return [json.loads(line) for line in found.stdout.split("\n") if line]


def test_every_format_is_read_and_every_core_category_found(done: Path) -> None:
    summary = json.loads((done / "summary.json").read_text())
    files = list((done / "reports").iterdir())
    assert {f.suffix for f in files} == {".pdf", ".docx", ".html", ".txt", ".md", ".csv"}
    assert summary["failures"] == []
    assert summary["counts"]["new"] >= len(files)
    assert {"communication_gap", "restraint", "bed_shortage", "buck_passing"} <= set(summary["store"]["categories"])


def test_verify_finds_every_quote_at_its_place(failings: Run, store: Path) -> None:
    verified = failings("verify")
    assert verified.returncode == 0, verified.stderr
    assert re.match(r"\d{2,} findings in \d+ reports", verified.stdout)


def test_offsets_of_a_text_file_hold_in_the_file(done: Path, failings: Run, store: Path) -> None:
    checked = 0
    for record in records(failings):
        source = done / str(record["source"])
        if source.suffix in (".txt", ".md"):
            encoding = "cp1252" if source.name == "probation_review.txt" else "utf-8"
            text = source.read_bytes().decode(encoding)
            assert text[record["start"] : record["end"]] == record["quote"]
            checked += 1
    assert checked > 10


def test_findings_of_a_pdf_know_their_page_and_boxes(failings: Run, store: Path) -> None:
    of_pdf = [r for r in records(failings) if str(r["source"]).endswith(".pdf")]
    assert of_pdf
    assert all(r["page"] and r["boxes"] and len(r["boxes"]) == len(r["box_pages"]) for r in of_pdf)


def test_a_second_run_does_nothing_and_says_so(done: Path) -> None:
    before = dump(done / "findings.db")
    command = [sys.executable, "-m", "pipeline", "run", "reports"]
    again = subprocess.run(
        command, cwd=done, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert "unchanged" in again.stdout
    assert "new" not in again.stdout.split("This run:")[1].split(";")[0]
    assert dump(done / "findings.db") == before


def test_a_postgresql_store_answers_every_command_in_the_same_words(
    done: Path, postgres: "Server", tmp_path: Path
) -> None:
    def said(*args: str, store: str) -> str:
        command = [sys.executable, "-m", "pipeline", *args, "--store", store]
        answer = subprocess.run(
            command, cwd=done, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
        )
        return answer.stdout

    with postgres.store() as url:
        summary = json.loads(said("run", "reports", "--json", store=url))
        local = json.loads((done / "summary.json").read_text())
        assert {name: summary[name] for name in ("counts", "findings")} == {
            name: local[name] for name in ("counts", "findings")
        }
        report = str(next((done / "reports").glob("*.pdf")).relative_to(done))
        for args in (
            ("verify",),
            ("search", "--json"),
            ("search", "restrain*", "--category", "restraint"),
            ("show", report),
        ):
            assert said(*args, store=url) == said(*args, store="findings.db"), args
        for form in ("csv", "jsonl", "counts"):
            for store, out in ((url, tmp_path / "theirs"), ("findings.db", tmp_path / "ours")):
                said("export", "--format", form, "-o", str(out), store=store)
            assert (tmp_path / "theirs").read_bytes() == (tmp_path / "ours").read_bytes(), form


def test_export_show_and_taxonomy_speak_the_contract(failings: Run, store: Path, tmp_path: Path) -> None:
    assert failings("export", "--format", "jsonl", "-o", "out.jsonl", "--with-text").returncode == 0
    texts = {r["report_id"]: r["text"] for r in lines_of(tmp_path / "reports.jsonl")}
    exported = lines_of(tmp_path / "out.jsonl")
    assert exported == records(failings)
    assert [(r["report_id"], r["start"]) for r in exported] == sorted((r["report_id"], r["start"]) for r in exported)
    assert all(texts[r["report_id"]][r["start"] : r["end"]] == r["quote"] for r in exported)
    shown = failings("show", exported[0]["report_id"])
    assert shown.returncode == 0
    assert exported[0]["categories"][0]["id"] in shown.stdout
    assert failings("taxonomy", "list").stdout.count("\n") == 17
    assert "the model knows all of them" in failings("taxonomy", "check").stdout


def test_untrained_categories_are_named_and_the_others_left_out(failings: Run, samples: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[restraint]\nname = "Restraint"\ndefinition = "Force."\n[drift]\nname = "Drift"\ndefinition = "Plans that drift."\n'
    )
    run = failings("run", samples / "custody_inspection.txt", "--taxonomy", mine, "--json")
    assert run.returncode == 0
    assert "untrained" in run.stderr
    assert "drift" in run.stderr
    assert set(json.loads(run.stdout)["store"]["categories"]) <= {"restraint"}
    check = failings("taxonomy", "check", "--taxonomy", mine)
    assert "drift" in check.stdout


@pytest.mark.parametrize(
    ("args", "status", "says"),
    [
        (("show", "nothing"), 2, "no report"),
        (("search", "--store", "none.db"), 1, "no store"),
        (("export", "--format", "jsonl", "-o", "no/such/folder/x.jsonl"), 2, "cannot write"),
        (("evaluate", "none.jsonl"), 1, "none.jsonl"),
        (("search", "--category", "restrain"), 2, "no category 'restrain'"),
        (("search", "--limit", "-1"), 2, "0 or more"),
        (("export", "--format", "jsonl", "-o", "reports.jsonl", "--with-text"), 2, "another name"),
        (("run", "none"), 1, "no such file"),
        (("run",), 2, "PATH"),
        (("run", "x", "--columns", "text"), 2, "OURS=THEIRS"),
        (("run", "x", "--model", "none"), 1, "model folder"),
    ],
)
def test_errors_are_one_line_and_have_their_status(
    failings: Run, store: Path, args: tuple[str, ...], status: int, says: str
) -> None:
    run = failings(*args)
    assert run.returncode == status
    assert says in run.stderr
    assert "Traceback" not in run.stderr


def test_a_damaged_model_is_refused(failings: Run, samples: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "models" / "minilm", tmp_path / "model")
    weights = bytearray((tmp_path / "model" / "model.onnx").read_bytes())
    weights[len(weights) // 2] ^= 1
    (tmp_path / "model" / "model.onnx").write_bytes(weights)
    run = failings("run", samples, "--model", "model")
    assert run.returncode == 1
    assert "model.onnx is damaged" in run.stderr


def test_help_is_quick() -> None:
    seconds = []
    for _ in range(5):
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", "pipeline", "--help"], cwd=ROOT, capture_output=True, check=True)
        seconds.append(time.monotonic() - begun)
    assert min(seconds) < 0.5


def many(folder: Path, count: int) -> None:
    """Reports that are all different, in files that sort in order; every tenth one twice."""
    folder.mkdir()
    for number in range(count):
        text = f"Report {number}.\n\nThe control room did not tell the crew about warning {number}. No bed was free on ward {number}.\n"
        (folder / f"r{number:03d}.txt").write_text(text)
        if number % 10 == 0:
            (folder / f"r{number:03d}-copy.txt").write_text(text)


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipeline", "run", "batch", "--workers", "2", "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for_reports(store: Path, count: int) -> None:
    for _ in range(1200):
        with (
            suppress(sqlite3.OperationalError),
            closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection,
        ):
            if connection.execute("SELECT count(*) FROM reports").fetchone()[0] >= count:
                return
        time.sleep(0.05)
    raise AssertionError("the batch never got going")


def test_kill_9_loses_only_the_report_in_hand(tmp_path: Path) -> None:
    for name in ("disturbed", "calm"):
        (tmp_path / name).mkdir()
        many(tmp_path / name / "batch", 120)
    for already in (1, 40):
        victim = start(tmp_path / "disturbed")
        wait_for_reports(tmp_path / "disturbed" / "findings.db", already)
        os.killpg(victim.pid, signal.SIGKILL)
        victim.communicate()
    for name in ("disturbed", "calm"):
        running = start(tmp_path / name)
        _, err = running.communicate()
        assert running.returncode == 0, err
    assert dump(tmp_path / "disturbed" / "findings.db") == dump(tmp_path / "calm" / "findings.db")
    assert len(dump(tmp_path / "calm" / "findings.db")["reports"]) == 120


def test_ctrl_c_stops_after_the_reports_in_hand_and_the_next_run_goes_on(tmp_path: Path) -> None:
    many(tmp_path / "batch", 200)
    running = start(tmp_path)
    wait_for_reports(tmp_path / "findings.db", 3)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    first = json.loads(out)
    assert first["stopped"]
    assert 3 <= first["counts"]["new"] < 200
    again = start(tmp_path)
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert json.loads(out)["counts"]["unchanged"] >= first["counts"]["new"]
    assert json.loads(out)["store"]["reports"] == 200
