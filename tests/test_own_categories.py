"""Categories of a user's own, learnt from made-up sentences on the shipped model."""

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="learning categories needs scikit-learn")
pytest.importorskip("onnx", reason="learning categories needs onnx")

from pipeline.classify import own_categories
from pipeline.classify.few_shot import Examples, learn, refusal
from pipeline.classify.load import load_classifier
from pipeline.classify.model_folder import HASHED, default_folder, load_config
from pipeline.classify.own_card import HEADINGS, table
from pipeline.classify.own_recipe import KEYS, is_own, load_own_recipe
from pipeline.classify.predict import Classifier
from pipeline.classify.sentences import COLUMNS, read_sentences
from pipeline.classify.unlabelled import MOST
from pipeline.errors import FailingsError, GoldError, ModelError
from pipeline.extract.segment import load_segmenter

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data"
NAMES = {name: name for name in ("dog", "fire_door", "restraint")}
Run = Callable[..., subprocess.CompletedProcess[str]]

REPORT = """Review of a fire at Larch House

The landlord had been told that the fire doors on the third floor were wedged open and did nothing about it.
The council failed to act on three reports that the tenant's dog had bitten children.
Nobody assessed the risk that the dog posed to the baby, and it was not seized.
Two officers held him face down for nine minutes and nobody watched his breathing.
No bed could be found for her on any ward in the county.
The house was built in 1931.
"""


def rows() -> list[dict[str, str]]:
    with (DATA / "own_categories.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def write_jsonl(path: Path) -> None:
    lines = [{**row, "categories": [c for c in row["categories"].split("|") if c]} for row in rows()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def write_export(path: Path) -> None:
    """As Label Studio exports it: spans by display name; one cancelled annotation; predictions that do not count."""
    display = {"dog": "Dangerous dog", "fire_door": "Fire door", "restraint": "Restraint"}
    tasks = []
    for number, row in enumerate(rows(), 1):
        text = row["sentence"]
        spans = [
            {"id": f"s{number}", "from_name": "category", "to_name": "text", "type": "labels", "origin": "manual",
             "value": {"start": 0, "end": len(text), "text": "as the browser has it", "labels": [display[c]]}}
            for c in row["categories"].split("|") if c
        ]  # fmt: skip
        assertion = {"id": f"s{number}", "from_name": "assertion", "to_name": "text", "type": "choices",
                     "value": {"start": 0, "end": len(text), "choices": ["failing"]}}  # fmt: skip
        cancelled = {"id": 2, "was_cancelled": True, "result": []}
        annotation = {
            "id": 1,
            "completed_by": 1,
            "was_cancelled": False,
            "result": [*spans, assertion][: len(spans) + 1],
        }
        tasks.append({"id": number, "data": {"text": text, "report_id": row["report"]},
                      "annotations": [annotation, cancelled], "predictions": [7]})  # fmt: skip
    path.write_text(json.dumps(tasks), encoding="utf-8")


def write_recipe(folder: Path, sentences: Path, *, name: str = "mine", more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    shutil.copyfile(DATA / "own_categories.toml", folder / "taxonomy.toml")
    recipe = folder / f"{name}.toml"
    recipe.write_text(
        f'base = "minilm"\ntaxonomy = "taxonomy.toml"\nsentences = [{json.dumps(str(sentences))}]\n{more}'
    )
    return recipe


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str], float]:
    """The model folder that `failings train` made of the CSV, what it said, and the seconds of processor time that it took."""
    folder = tmp_path_factory.mktemp("own")
    recipe = write_recipe(folder, DATA / "own_categories.csv")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        [sys.executable, "-m", "pipeline", "train", recipe],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return folder / "mine", run, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture(scope="module")
def model(trained: tuple[Path, Any, float]) -> Path:
    return trained[0]


def metrics(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return found


def test_training_takes_less_than_two_minutes_of_one_processor(trained: tuple[Path, Any, float]) -> None:
    print(f"{trained[2]:.1f} s")
    assert trained[2] < 120


def test_the_terminal_says_how_far_to_trust_each_category(trained: tuple[Path, Any, float]) -> None:
    folder, run, _ = trained
    assert table(metrics(folder)) in run.stdout
    for category, row in metrics(folder)["learnt"].items():
        assert f"{category}: trust {row['level']}: {row['examples']} examples, F1 " in run.stdout
        assert f"{100 * row['share']:.1f} in 100 passages" in run.stdout
    assert "untrained: drift: 0 examples, at least 5" in run.stderr


def test_the_model_folder_is_a_whole_one_with_the_new_categories_last(model: Path) -> None:
    config, base = load_config(model), load_config(default_folder())
    assert config.categories == (*base.categories, "dog", "fire_door")
    assert config.version.startswith("mine-")
    card = (model / "README.md").read_text(encoding="utf-8")
    assert base.version in card
    assert "| fire_door | 24 |" in card


def test_the_figures_are_measured_and_good_on_plain_sentences(model: Path) -> None:
    learnt = metrics(model)["learnt"]
    assert list(learnt) == ["dog", "fire_door"]
    for row in learnt.values():
        assert row["examples"] == 24
        assert row["negatives"] > 50
        assert 0 <= row["f1"]["low"] <= row["f1"]["value"] <= row["f1"]["high"] <= 1
        assert row["average_precision"] > 0.6
        assert row["rare_precision"] < row["precision"]["value"]


def test_a_known_category_with_too_few_sentences_keeps_its_row(model: Path) -> None:
    assert metrics(model)["kept"] == {"restraint": None}
    assert metrics(model)["untrained"] == {
        "drift": "0 examples, at least 5 are needed (20 for a figure that says something)"
    }


def logits_of(classifier: Classifier) -> Any:
    passages = load_segmenter().passages(REPORT)
    return classifier.logits(REPORT, passages)


def test_what_the_model_knew_scores_as_before_to_the_last_bit(model: Path) -> None:
    base, own = load_classifier(default_folder()), load_classifier(model)
    before, after = logits_of(base), logits_of(own)
    known = len(base.config.categories)
    assert np.array_equal(after.categories[:, :known], before.categories)
    assert np.array_equal(after.assertions, before.assertions)
    assert own.calibration.threshold[:known] == base.calibration.threshold
    assert own.calibration.finding_threshold == base.calibration.finding_threshold


def test_run_finds_the_new_categories(model: Path, failings: Run, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text(REPORT)
    taxonomy = DATA / "own_categories.toml"
    run = failings("run", "report.txt", "--model", model, "--taxonomy", taxonomy, "--json")
    assert run.returncode == 0, run.stderr
    assert "untrained: the model does not know drift;" in run.stderr
    for category, words in (("fire_door", "fire doors on the third floor"), ("dog", "dog had bitten children")):
        search = failings("search", "--category", category, "--json")
        found = [json.loads(line) for line in search.stdout.splitlines()]
        assert any(words in record["quote"] for record in found)
        assert all("1931" not in record["quote"] for record in found)
        of_it_alone = [record for record in found if [c["id"] for c in record["categories"]] == [category]]
        assert all(record["needs_review"] for record in of_it_alone)


@pytest.mark.parametrize(("name", "write"), [("mine.jsonl", write_jsonl), ("mine.json", write_export)])
def test_every_form_of_the_sentences_gives_the_same_model_in_place_of_the_last(
    model: Path, tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path / name)
    shutil.copytree(model, tmp_path / "mine")
    (tmp_path / "mine" / "README.md").write_text("of the model that was here before")
    recipe = load_own_recipe(write_recipe(tmp_path, Path(name)))
    own_categories.make_own_model(recipe)
    for file in HASHED:
        assert (tmp_path / "mine" / file).read_bytes() == (model / file).read_bytes()
    assert "fire_door" in (tmp_path / "mine" / "README.md").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["mine", name, "mine.toml", "taxonomy.toml"])


def test_an_own_model_can_be_the_base_of_the_next(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "first")
    lines = ["sentence,categories"] + [
        f'"{row["sentence"]}",{"drift" if row["categories"] == "dog" else ""}' for row in rows()
    ]
    (tmp_path / "drift.csv").write_text("\n".join(lines))
    path = write_recipe(tmp_path, Path("drift.csv"), name="second")
    path.write_text(path.read_text().replace('"minilm"', '"first"'))
    own_categories.make_own_model(load_own_recipe(path))
    first, second = load_classifier(tmp_path / "first"), load_classifier(tmp_path / "second")
    assert second.config.categories == (*first.config.categories, "drift")
    assert np.array_equal(logits_of(second).categories[:, :-1], logits_of(first).categories)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "", "empty file"),
        ("a.csv", "sentence,categories\n", "no labelled sentences"),
        ("a.csv", "text,categories\nx,dog\n", "line 1: no column 'sentence'; unknown column 'text'"),
        ("a.csv", 'sentence,categories\n"one\ntwo",dog\nx,cat;dog\n', "line 4: unknown category 'cat'"),
        ("a.csv", "sentence,categories\nNo, nobody came,dog\n", "line 2: 3 values for 2 columns"),
        ("a.csv", "sentence,categories\n ,dog\n", "line 2: the sentence is empty"),
        ("a.csv", "sentence,categories,assertion\nx,dog,sad\n", "line 2: assertion 'sad'"),
        ("a.jsonl", '{"sentence": "x", "categories": ["dog"]}\n{"sentence"\n', "line 2: not JSON"),
        ("a.jsonl", '{"sentence": "x", "category": "dog"}\n', "line 1: not an object with the keys"),
        ("a.jsonl", '{"sentence": "x", "categories": {"dog": 1}}\n', "line 1: categories is neither"),
        ("a.jsonl", '{"id": "r", "text": "x", "sentences": [[0, 9]], "labels": []}\n', "line 1: not a labelled report"),
        ("a.json", "{}", "not a list of tasks"),
        ("a.json", '[{"id": 5, "annotations": []}]', "task 5: not an exported task (KeyError"),
        ("a.json", '[{"id": 5, "data": {"text": "x"}, "annotations": [{"result": [{"type": "labels", "value": '
         '{"start": 0, "end": 9, "labels": ["dog"]}}]}]}]', "task 5: not an exported task (OffsetError: span [0, 9)"),
        ("a.xlsx", "PK", "not a .csv, a .jsonl"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_its_place(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(GoldError) as caught:
        read_sentences(tmp_path / name, NAMES)
    assert name in str(caught.value)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_semicolon_file_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    content = "\ufeffSentence;Categories\nNobody came; nobody rang.;dog\n".replace("came; nobody", "came, nobody")
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    (found,) = read_sentences(tmp_path / "a.csv", NAMES)
    assert found.text == "Nobody came, nobody rang."
    assert found.categories == (frozenset({"dog"}),)


def test_a_labelled_report_is_read_in_its_context(tmp_path: Path) -> None:
    text = "It was cold. The dog bit him."
    row = {"id": "r1", "text": text, "sentences": [[0, 12], [13, 29]], "labels": [
        {"start": 13, "end": 29, "assertion": "failing", "categories": ["dog"]}]}  # fmt: skip
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    (found,) = read_sentences(tmp_path / "a.jsonl", NAMES)
    assert (found.report, found.text, len(found.passages)) == ("r1", text, 2)
    assert found.categories == (frozenset(), frozenset({"dog"}))


def task(text: str, *votes: list[tuple[str, str]]) -> dict[str, Any]:
    """A task whose annotators each put words of the text under names."""
    annotations = [
        {"result": [{"type": "labels", "from_name": "category", "value":
            {"start": text.index(words), "end": text.index(words) + len(words), "labels": [name]}} for words, name in vote]}
        for vote in votes
    ]  # fmt: skip
    return {"id": 1, "data": {"text": text, "title": "r"}, "annotations": annotations}


def test_spans_label_the_passages_that_they_lie_in_where_most_annotators_agree(tmp_path: Path) -> None:
    text = "The 🐕 bit a child.\nThe fire door was wedged open.\nIt rained."
    tasks = [
        task(text, [("bit a child", "dog")], [("The 🐕 bit a child.\nThe fire door was wedged open.", "dog")]),
        task("Nobody has looked at this."),
    ]
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    (found,) = read_sentences(tmp_path / "a.json", NAMES)
    assert [text[p.start : p.end] for p in found.passages] == text.split("\n")
    assert found.categories == (frozenset({"dog"}), frozenset(), frozenset())


def test_all_faults_of_a_recipe_are_reported_together(tmp_path: Path) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text('base = "none"\nsentences = "a.csv"\nseed = "x"\ncolour = 1\n')
    assert is_own(recipe)
    with pytest.raises(ModelError) as caught:
        load_own_recipe(recipe)
    for part in ("unknown key 'colour'", "missing key 'taxonomy'", "sentences = 'a.csv' is not a list", "seed = 'x'"):
        assert part in str(caught.value)
    recipe.write_text('base = "none"\ntaxonomy = "t.toml"\nsentences = ["a.csv"]\nreports = ["r"]\n')
    (tmp_path / "mine").mkdir()
    with pytest.raises(ModelError) as caught:
        load_own_recipe(recipe)
    for part in ("no model 'none'", "t.toml", "a.csv", "no report or folder", "is in the way"):
        assert part in str(caught.value)


def test_a_recipe_of_a_whole_model_is_another_kind() -> None:
    assert not is_own(ROOT / "models" / "minilm" / "train.toml")


def test_the_docs_name_every_key_column_and_figure() -> None:
    docs = (ROOT / "docs" / "own-categories.md").read_text(encoding="utf-8")
    missing = [word for word in (*KEYS, *COLUMNS, *HEADINGS, f"{MOST:,} passages") if word not in docs]
    assert not missing


def test_nothing_to_learn_is_said_and_leaves_no_folder(failings: Run, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("sentence,categories\nThe dog bit him.,dog\nIt rained.,\n")
    run = failings("train", write_recipe(tmp_path, Path("few.csv")))
    assert run.returncode == 1
    assert "nothing to learn: dog: 1 examples, at least 5" in run.stderr
    assert run.stderr.count("\n") == 1
    assert not (tmp_path / "mine").exists()


def examples(count: int, *, reports: int, seed: int = 0) -> tuple[np.ndarray, Examples]:
    """Passages of two kinds that a line tells apart, but for noise; every other one is of the first kind."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    pooled = rng.normal(size=(count, 8)) + 2 * labels[:, None]
    always = np.ones(count, np.bool_)
    return labels, Examples(pooled, np.arange(count) // 2 % reports, always, always)


@pytest.mark.parametrize(
    ("count", "reports", "why"), [(8, 4, "4 examples"), (40, 1, "stand in one report"), (40, 20, None)]
)
def test_too_little_to_learn_from_is_refused(count: int, reports: int, why: str | None) -> None:
    reason = refusal(*examples(count, reports=reports))
    assert (reason is None) if why is None else (reason is not None and why in reason)


def test_labels_that_mean_nothing_are_not_trusted() -> None:
    labels, given = examples(60, reports=30)
    _, trust = learn(np.random.default_rng(1).permutation(labels), given, seed=0)
    assert trust.level == "low"
    assert trust.rare_precision < 0.1


def test_examples_that_are_taken_for_no_finding_count_as_missed() -> None:
    labels, given = examples(60, reports=30)
    blind = Examples(given.pooled, given.groups, np.arange(60) >= 30, given.own)
    _, trust = learn(labels, blind, seed=0)
    assert trust.missed_as_finding == 15
    assert trust.recall.value is not None
    assert trust.recall.value <= 0.5


def test_the_same_sentence_never_teaches_and_tests(tmp_path: Path) -> None:
    lines = ["sentence,categories"] + [
        f"{s}{mark},{c}" for s, c in (("A dog bit him", "dog"), ("It rained", "")) for mark in ".! "
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    found = read_sentences(tmp_path / "a.csv", NAMES)
    embedded = own_categories._embedded(load_classifier(default_folder()), found, found)
    assert embedded.labels("dog").tolist() == [1, 0]
    assert embedded.examples.own.tolist() == [True, True]
    assert embedded.repeated == 4


def test_an_old_model_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = load_classifier(default_folder())
    monkeypatch.setattr(classifier._runtime, "widths", {"category_logits": 17, "assertion_logits": 5})
    with pytest.raises(FailingsError, match="use a newer model"):
        classifier.embedded(REPORT, load_segmenter().passages(REPORT))
