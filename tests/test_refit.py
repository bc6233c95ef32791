import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("sklearn")

from pipeline.annotate import contest as contests
from pipeline.annotate.contest import Contest, Measured, contest
from pipeline.annotate.heads import Head, Heads, Taught, fit_heads
from pipeline.annotate.refit import heads_of, learnt_from, refit, text_hash
from pipeline.classify.evaluate import Figure
from pipeline.classify.extend_onnx import extend_onnx
from pipeline.classify.gold import GoldReport, read_made_up
from pipeline.classify.heads_onnx import read_heads
from pipeline.classify.load import load_classifier
from pipeline.classify.model_folder import load_config, write_config
from pipeline.errors import GoldError, ModelError

ROOT = Path(__file__).parent.parent
MINILM = ROOT / "models" / "minilm"


@pytest.fixture(scope="module")
def made_up() -> list[GoldReport]:
    """The shortest of the made-up reports."""
    reports = read_made_up(ROOT / "annotations" / "made_up.csv")
    return sorted(reports, key=lambda r: len(r.text))[:14]


@pytest.fixture(scope="module")
def refitted(made_up: list[GoldReport], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model, refitted on all but two of them."""
    folder = tmp_path_factory.mktemp("refit") / "ours"
    refit(MINILM, made_up[:12], folder, seed=3)
    return folder


def taught(rng: np.random.Generator, weight: np.ndarray, reports: int = 20) -> Taught:
    """Passages whose one category depends on their embedding by `weight`, and that are findings where it is there."""
    pooled = rng.normal(size=(reports * 20, len(weight))).astype(np.float32)
    about = (rng.random(len(pooled)) < 1 / (1 + np.exp(-pooled @ weight))).astype(np.int64)
    return Taught(pooled, about[:, np.newaxis], about, np.repeat(np.arange(reports), 20))


def heads(weight: np.ndarray) -> Heads:
    said = np.stack([np.zeros(len(weight)), weight], axis=1)
    return Heads(
        Head(weight[:, np.newaxis].astype(np.float32), np.zeros(1, np.float32)),
        Head(said.astype(np.float32), np.zeros(2, np.float32)),
    )


def test_heads_that_are_right_already_stay_or_hardly_move() -> None:
    weight = np.array([3.0, -2.0, 0.0, 1.0])
    found = fit_heads(taught(np.random.default_rng(0), weight), heads(weight), seed=0)
    assert np.abs(found.heads.categories.weight[:, 0] - weight).max() < 0.1


def test_heads_that_are_wrong_move_to_what_was_read() -> None:
    weight = np.array([3.0, -2.0, 0.0, 1.0])
    found = fit_heads(taught(np.random.default_rng(0), weight, reports=100), heads(-weight), seed=0)
    assert found.strength == {"categories": 30.0, "assertions": 30.0}
    moved = found.heads.categories.weight[:, 0]
    assert np.corrcoef(moved, weight)[0, 1] > 0.99
    said = found.heads.assertions.weight
    assert np.corrcoef(said[:, 1] - said[:, 0], weight)[0, 1] > 0.99


def test_nothing_is_learnt_from_labels_that_are_noise() -> None:
    rng = np.random.default_rng(0)
    weight = np.array([3.0, -2.0, 0.0, 1.0])
    noise = taught(rng, np.zeros(4))
    flat = heads(np.zeros(4))
    found = fit_heads(noise, flat, seed=0)
    assert np.abs(found.heads.categories.weight).max() < 0.15
    assert weight.any()


def test_what_is_said_of_a_report_does_not_come_from_its_own_labels() -> None:
    rng = np.random.default_rng(0)
    weight = np.array([3.0, -2.0, 0.0, 1.0])
    given = taught(rng, weight)
    first = given.reports == 0
    turned = replace(given, categories=np.where(first[:, np.newaxis], 1 - given.categories, given.categories))
    ours, theirs = (fit_heads(each, heads(-weight), seed=0) for each in (given, turned))
    assert ours.strength == theirs.strength
    np.testing.assert_array_equal(ours.crossed.categories[first], theirs.crossed.categories[first])
    assert not np.array_equal(ours.crossed.categories[~first], theirs.crossed.categories[~first])


def test_the_same_reports_and_seed_make_the_same_heads() -> None:
    given, base = taught(np.random.default_rng(0), np.array([3.0, -2.0, 0.0, 1.0])), heads(np.zeros(4))
    ours, theirs = (fit_heads(given, base, seed=5) for _ in range(2))
    np.testing.assert_array_equal(ours.heads.categories.weight, theirs.heads.categories.weight)


def test_a_refitted_model_is_a_whole_model_folder_of_another_version(refitted: Path) -> None:
    config, base = load_config(refitted), load_config(MINILM)
    assert config.name == "ours"
    assert config.version != base.version
    assert (config.categories, config.assertions, config.size) == (base.categories, base.assertions, base.size)
    assert sorted(p.name for p in refitted.iterdir()) == [
        "README.md", "calibration.json", "config.json", "metrics.json", "model.onnx", "tokenizer.json",
    ]  # fmt: skip
    assert list(refitted.parent.iterdir()) == [refitted]


def test_the_encoder_answers_to_the_last_bit_as_before(refitted: Path, made_up: list[GoldReport]) -> None:
    report = made_up[0]
    (_, before), (_, after) = (load_classifier(f).embedded(report.text, report.passages) for f in (MINILM, refitted))
    np.testing.assert_array_equal(after, before)


def test_the_model_answers_what_the_fitted_heads_say(refitted: Path, made_up: list[GoldReport]) -> None:
    report = made_up[0]
    logits, pooled = load_classifier(refitted).embedded(report.text, report.passages)
    expected = heads_of(refitted).logits(pooled)
    np.testing.assert_allclose(logits.categories, expected.categories, atol=2e-5)
    np.testing.assert_allclose(logits.assertions, expected.assertions, atol=2e-5)


def test_heads_are_read_whatever_their_shape_in_the_graph(tmp_path: Path) -> None:
    """A model with categories of one's own has its head in pieces: rows beside it, and an order."""
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(384, 2)), rng.normal(size=2)
    (tmp_path / "own").mkdir()
    extended = tmp_path / "own" / "model.onnx"
    extend_onnx(MINILM / "model.onnx", extended, weight=weight, bias=bias, order=[18, 3, 17])
    shipped = heads_of(MINILM).categories
    found = read_heads(extended, ("category_logits",))["category_logits"]
    np.testing.assert_allclose(found[1], [bias[1], shipped.bias[3], bias[0]], atol=1e-5)
    np.testing.assert_allclose(
        found[0], np.stack([weight[:, 1], shipped.weight[:, 3], weight[:, 0]], axis=1), atol=1e-5
    )


def test_it_learns_a_meaning_that_people_changed(made_up: list[GoldReport], tmp_path: Path) -> None:
    """People who mark every lapse as `restraint` as well: a model that learnt from them says so too."""
    marked = [
        replace(r, labels={k: replace(v, categories=(*v.categories, "restraint")) for k, v in r.labels.items()})
        for r in made_up
    ]
    refit(MINILM, marked[:12], tmp_path / "ours", seed=3)
    found = []
    for classifier in map(load_classifier, (MINILM, tmp_path / "ours")):
        at = classifier.config.categories.index("restraint")
        scores = np.vstack([classifier.scores(r.text, r.passages).categories for r in marked[12:]])
        found.append(int((scores[:, at] >= classifier.calibration.threshold[at]).sum()))
    lapses = sum(len(r.labels) for r in marked[12:])
    assert found[0] < lapses / 4
    assert lapses / 2 < found[1] < 2 * lapses


def test_metrics_say_what_it_is_and_what_it_learnt_from(refitted: Path, made_up: list[GoldReport]) -> None:
    metrics = json.loads((refitted / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["base"] == load_config(MINILM).version
    assert (metrics["reports"], metrics["seed"], metrics["unknown_categories"]) == (12, 3, {})
    assert metrics["passages"] == sum(len(r.passages) for r in made_up[:12])
    assert learnt_from(refitted) == {text_hash(r) for r in made_up[:12]}
    assert learnt_from(MINILM) == frozenset()
    card = (refitted / "README.md").read_text(encoding="utf-8")
    assert f"# {load_config(refitted).version}\n" in card
    assert "on 12 reports that people read" in card


def test_a_refit_of_a_refit_has_learnt_from_the_reports_of_both(
    refitted: Path, made_up: list[GoldReport], tmp_path: Path
) -> None:
    refit(refitted, made_up[8:], tmp_path / "again", seed=0)
    assert learnt_from(tmp_path / "again") == {text_hash(r) for r in made_up}


def test_too_little_to_learn_from_is_refused(made_up: list[GoldReport], tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"4 different reports read with \d+ findings .* at least 5 reports and 20 findings"
    ):
        refit(MINILM, made_up[:4], tmp_path / "ours", seed=0)
    bare = [replace(r, labels={}) for r in made_up]
    with pytest.raises(ModelError, match="14 different reports read with 0 findings"):
        refit(MINILM, bare, tmp_path / "ours", seed=0)
    with pytest.raises(ModelError, match="1 of 15 reports come twice"):
        refit(MINILM, [*made_up, made_up[0]], tmp_path / "ours", seed=0)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_model_is_left_alone(made_up: list[GoldReport], tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "thesis.txt").touch()
    with pytest.raises(ModelError, match="is in the way"):
        refit(MINILM, made_up, tmp_path / "ours", seed=0)
    assert (tmp_path / "ours" / "thesis.txt").is_file()


def test_a_model_does_not_beat_itself(made_up: list[GoldReport]) -> None:
    result = contest(MINILM, MINILM, made_up[:5], samples=50, seed=0)
    assert result.running == result.challenger
    assert result.category_difference == result.sentence_difference == Figure(0.0, 0.0, 0.0)
    assert not result.is_better


def test_reports_that_a_model_learnt_from_do_not_measure_it(refitted: Path, made_up: list[GoldReport]) -> None:
    with pytest.raises(GoldError, match="ours learnt from 4 of the reports held back, made-"):
        contest(MINILM, refitted, made_up[8:], seed=0)


def test_too_few_reports_to_compare_on_are_refused(made_up: list[GoldReport]) -> None:
    with pytest.raises(GoldError, match="2 reports held back"):
        contest(MINILM, MINILM, made_up[:2], seed=0)


def test_a_sharp_model_beats_a_blunted_one(made_up: list[GoldReport], tmp_path: Path) -> None:
    blunt = tmp_path / "blunt"
    shutil.copytree(MINILM, blunt)
    calibration = json.loads((blunt / "calibration.json").read_text(encoding="utf-8"))
    calibration["threshold"] = [0.97] * 17
    (blunt / "calibration.json").write_text(json.dumps(calibration), encoding="utf-8")
    config = json.loads((blunt / "config.json").read_text(encoding="utf-8"))
    write_config(blunt, {key: value for key, value in config.items() if key not in ("version", "sha256")})
    result = contest(blunt, MINILM, made_up[:6], samples=200, seed=0)
    assert result.is_better
    assert (result.reports, result.challenger.model) == (6, load_config(MINILM).version)
    gain = result.challenger.category_micro_f1 - result.running.category_micro_f1
    assert result.category_difference.value == pytest.approx(gain)


@pytest.mark.parametrize(
    ("category", "sentence", "better"),
    [((0.01, 0.05), (-0.01, 0.02), True), ((0.01, 0.05), (-0.05, -0.01), False), ((-0.01, 0.05), (0.0, 0.1), False),
     ((0.0, 0.05), (0.0, 0.1), False)],
)  # fmt: skip
def test_better_is_surely_more_categories_and_not_surely_fewer_sentences(
    category: tuple[float, float], sentence: tuple[float, float], better: bool
) -> None:
    figures = [Figure(sum(each) / 2, *each) for each in (category, sentence)]
    assert Contest(9, Measured("a", 0.5, 0.5), Measured("b", 0.5, 0.5), *figures).is_better is better


def test_differences_are_paired_by_report() -> None:
    """One hit more in every report is a sure gain, however unlike the reports are."""
    running = np.array([[1, 0, 3], [30, 9, 10], [4, 4, 4], [9, 1, 1]])
    challenger = running + np.array([1, 0, -1])
    drawn = np.random.default_rng(0).integers(4, size=(500, 4))
    difference = contests._difference(running, challenger, drawn)
    assert difference.value == pytest.approx(2 * 48 / (2 * 48 + 14 + 14) - 2 * 44 / (2 * 44 + 14 + 18))
    assert difference.low > 0
