import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.classify.compare import Compared
from pipeline.classify.evaluate import count_agreements
from pipeline.classify.evaluation import Evaluation, evaluation
from pipeline.classify.gold import GoldLabel, GoldReport
from pipeline.commands.evaluate import call
from pipeline.errors import UsageError
from pipeline.report import CategoryScore, Finding, Passage
from pipeline.taxonomy import load_taxonomy

TEXT = "Nobody told the ward. No bed was free that night. He liked tea."
GOLD = {
    "id": "made-up",
    "text": TEXT,
    "sentences": [[0, 21], [22, 49], [50, 63]],
    "labels": [
        {"start": 0, "end": 21, "assertion": "failing", "categories": ["communication_gap"], "actors": []},
        {"start": 22, "end": 49, "assertion": "failing", "categories": ["bed_shortage"], "actors": []},
    ],
}
FILES = [
    "confusion.csv",
    "errors.jsonl",
    "metrics.json",
    "precision_recall.png",
    "precision_recall.svg",
    "reliability.png",
    "reliability.svg",
]


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps(GOLD) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def measured() -> Evaluation:
    """The first sentence is found as another category, the second is missed."""
    labels = {
        (0, 21): GoldLabel(0, 21, "failing", ("communication_gap",), ()),
        (22, 49): GoldLabel(22, 49, "failing", ("bed_shortage",), ()),
    }
    report = GoldReport("made-up", TEXT, (Passage(0, 21), Passage(22, 49), Passage(50, 63)), labels)
    found = Finding(0, 21, TEXT[:21], None, "failing", 0.9, (CategoryScore("buck_passing", 0.6),))
    scores = {"communication_gap": 0.2, "bed_shortage": 0.1, "buck_passing": 0.6}
    rows = [
        Compared("made-up", 0, 21, TEXT[:21], None, "failing", ("communication_gap",), "failing", 0.9,
                 {"buck_passing": 0.6}, scores, scores),
        Compared("made-up", 22, 49, TEXT[22:49], None, "failing", ("bed_shortage",), None, None, {}, scores, scores),
        Compared("made-up", 50, 63, TEXT[50:63], None, None, (), None, None, {}, scores, scores),
    ]  # fmt: skip
    return evaluation("tiny-1", [count_agreements(report, [found])], rows, tuple(scores))


def write(folder: Path, measured: Evaluation) -> dict[str, bytes]:
    pytest.importorskip("matplotlib")
    from pipeline.classify.evaluation_folder import write_evaluation

    thresholds = {"communication_gap": 0.5, "bed_shortage": 0.5, "buck_passing": 0.5}
    paths = write_evaluation(folder, measured, taxonomy=load_taxonomy(), thresholds=thresholds)
    return {path.name: path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, measured: Evaluation) -> dict[str, bytes]:
    return write(tmp_path_factory.mktemp("written") / "new", measured)


def test_the_same_evaluation_is_written_as_the_same_bytes(
    tmp_path: Path, measured: Evaluation, written: dict[str, bytes]
) -> None:
    assert sorted(written) == FILES
    assert written == write(tmp_path, measured)
    assert written["reliability.png"].startswith(b"\x89PNG")
    assert b"<dc:date>" not in written["precision_recall.svg"]


def test_the_worst_errors_come_with_their_words(written: dict[str, bytes]) -> None:
    errors = [json.loads(line) for line in written["errors.jsonl"].decode().splitlines()]
    assert [(e["category"], e["kind"], e["score"], e["text"]) for e in errors] == [
        ("communication_gap", "missed", 0.2, "Nobody told the ward."),
        ("bed_shortage", "missed", 0.1, "No bed was free that night."),
        ("buck_passing", "found in vain", 0.6, "Nobody told the ward."),
    ]
    assert all(TEXT[e["start"] : e["end"]] == e["text"] for e in errors)


def test_the_confusion_is_a_table_of_categories(written: dict[str, bytes]) -> None:
    rows = list(csv.DictReader(written["confusion.csv"].decode().splitlines()))
    taken_for = {row["gold \\ found"]: row["buck_passing"] for row in rows}
    assert taken_for["communication_gap"] == "1"
    assert taken_for["bed_shortage"] == "0"


def test_evaluate_writes_its_report_and_prints_what_is_in_it(
    failings: Callable[..., subprocess.CompletedProcess[str]], gold: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    run = failings("evaluate", gold, "--json", "--report", "out")
    assert run.returncode == 0, run.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    assert json.loads(run.stdout) == json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))


def test_evaluate_prints_figures_and_confusion(
    failings: Callable[..., subprocess.CompletedProcess[str]], gold: Path
) -> None:
    run = failings("evaluate", gold)
    assert run.returncode == 0, run.stderr
    assert "category_micro_f1" in run.stdout
    assert "found instead" in run.stdout


def test_a_report_without_matplotlib_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, gold: Path, tmp_path: Path
) -> None:
    from argparse import Namespace

    monkeypatch.setattr("pipeline.commands.evaluate.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r'pip install "failings\[train\]"'):
        call(Namespace(gold=gold, report=tmp_path / "out", model=None, json=False))
    monkeypatch.setattr("pipeline.commands.evaluate.find_spec", lambda _: True)
    with pytest.raises(UsageError, match="is not a folder"):
        call(Namespace(gold=gold, report=gold, model=None, json=False))


def test_a_gold_file_without_a_report_is_refused(
    failings: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "empty.jsonl").touch()
    run = failings("evaluate", "empty.jsonl")
    assert run.returncode == 1
    assert "empty.jsonl holds no report" in run.stderr
