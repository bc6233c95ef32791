"""What lies under `failings evaluate --report`, on examples small enough to count by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from pipeline.classify.compare import Compared, compare
from pipeline.classify.confusion import (
    NO_FINDING,
    NO_LABEL,
    NOTHING_ELSE,
    NOTHING_MISSED,
    Confused,
    confusion,
    confusion_table,
    most_confused,
)
from pipeline.classify.curves import Point, average_precision, curves, pooled_curve, precision_recall
from pipeline.classify.evaluate import count_agreements
from pipeline.classify.evaluation import as_metrics, evaluation
from pipeline.classify.gold import GoldLabel, GoldReport
from pipeline.classify.model_folder import Calibration
from pipeline.classify.reliability import (
    all_categories,
    assertions,
    calibration_error,
    found_categories,
    reliability,
)
from pipeline.classify.scores import Scores
from pipeline.classify.worst_errors import worst_errors
from pipeline.report import CategoryScore, Finding, Passage

TEXT = "Nobody told the ward. No bed was free. He liked tea."
SENTENCES = ((0, 21), (22, 38), (39, 52))
CALIBRATION = Calibration((1.0,) * 2, (0.0,) * 2, (0.5, 0.5), (0.9, 0.9), 1.0, 0.4)


def row(
    wanted: Sequence[str] = (), found: Mapping[str, float] | None = None, *, start: int = 0, **other: Any
) -> Compared:
    found = found or {}
    made: dict[str, Any] = {
        "report_id": "r", "start": start, "end": start + 5, "text": "words", "section": None,
        "assertion": "failing" if wanted else None, "categories": tuple(wanted),
        "found_assertion": "failing" if found else None, "found_assertion_score": 0.8 if found else None,
        "found": found, "scores": found, "open_scores": found,
    }  # fmt: skip
    return Compared(**{**made, **other})


def finding(start: int, end: int, **categories: float) -> Finding:
    scores = tuple(CategoryScore(c, s) for c, s in categories.items())
    return Finding(start, end, TEXT[start:end], None, "failing", 0.75, scores)


@pytest.fixture
def gold() -> GoldReport:
    labels = {
        (0, 21): GoldLabel(0, 21, "failing", ("gap",), ()),
        (22, 38): GoldLabel(22, 38, "alleged", ("bed",), ()),
    }
    return GoldReport("r", TEXT, tuple(Passage(*s) for s in SENTENCES), labels)


@pytest.fixture
def compared(gold: GoldReport) -> list[Compared]:
    """Two passages were classified: one over the first two sentences, and the third, which is hardly a finding."""
    classified = (Passage(0, 38), Passage(39, 52))
    scores = Scores(np.array([[0.75, 0.25], [0.5, 0.125]]), np.array([[0.25, 0.75, 0, 0, 0], [0.75, 0.25, 0, 0, 0]]))
    return compare(gold, [finding(0, 38, gap=0.75)], classified, scores, CALIBRATION, categories=("gap", "bed"))


def test_a_passage_lends_its_findings_and_scores_to_every_sentence_that_it_falls_on(compared: list[Compared]) -> None:
    assert [dict(r.found) for r in compared] == [{"gap": 0.75}, {"gap": 0.75}, {}]
    assert [dict(r.scores) for r in compared] == [
        {"gap": 0.75, "bed": 0.25},
        {"gap": 0.75, "bed": 0.25},
        {"gap": 0.5, "bed": 0.125},
    ]
    assert [r.text for r in compared] == [TEXT[start:end] for start, end in SENTENCES]


def test_only_passages_that_are_findings_lend_open_scores(compared: list[Compared]) -> None:
    assert [dict(r.open_scores) for r in compared] == [{"gap": 0.75, "bed": 0.25}, {"gap": 0.75, "bed": 0.25}, {}]


def test_missed_and_extra_categories(compared: list[Compared]) -> None:
    assert [(r.missed, r.extra) for r in compared] == [((), ()), (("bed",), ("gap",)), ((), ())]


def test_a_sentence_that_was_not_classified_has_no_scores(gold: GoldReport) -> None:
    nothing = Scores(np.zeros((0, 2)), np.zeros((0, 5)))
    rows = compare(gold, [], (), nothing, CALIBRATION, categories=("gap", "bed"))
    assert [dict(r.scores) for r in rows] == [{}, {}, {}]


def test_scores_fall_into_bins_with_the_last_one_closed() -> None:
    bins = reliability([(0.0, False), (0.25, True), (0.75, True), (0.75, False), (1.0, True)])
    assert [b.count for b in bins] == [1, 0, 1, 0, 0, 0, 0, 2, 0, 1]
    assert (bins[7].low, bins[7].high, bins[7].mean_score, bins[7].share_right) == (0.7, 0.8, 0.75, 0.5)
    assert (bins[1].mean_score, bins[1].share_right) == (None, None)


def test_calibration_error_is_weighed_by_the_scores_in_a_bin() -> None:
    bins = reliability([(0.25, True), (0.75, True), (0.75, False), (1.0, True)])
    assert calibration_error(bins) == pytest.approx((0.75 + 2 * 0.25 + 0) / 4)
    assert calibration_error(reliability([])) is None


def test_each_kind_of_score_is_held_against_what_it_claims(compared: list[Compared]) -> None:
    assert found_categories(compared) == [(0.75, True), (0.75, False)]
    assert len(all_categories(compared)) == 6
    assert sum(right for _, right in all_categories(compared)) == 2
    assert assertions(compared) == [(0.75, True), (0.75, False)]


def test_precision_and_recall_at_each_distinct_score() -> None:
    points = precision_recall([(0.5, False), (0.75, True), (0.5, True), (0.25, False)], support=4)
    assert points == (Point(0.75, 1.0, 0.25), Point(0.5, 2 / 3, 0.5), Point(0.25, 0.5, 0.5))
    assert average_precision(points) == pytest.approx(0.25 * 1 + 0.25 * 2 / 3)
    assert precision_recall([(0.5, False)], support=0) == ()


def test_the_operating_point_lies_on_the_curve_and_the_unreachable_counts_as_missed() -> None:
    rows = [
        row(["bed"], {"bed": 0.75}),
        row(["bed"], open_scores={"bed": 0.25}),
        row([], {"bed": 0.5}),
        row(["bed"], scores={"bed": 0.375}, open_scores={}),
    ]
    curve = curves(rows, ["bed", "gap"])["bed"]
    assert (curve.support, curve.operating) == (3, (0.5, 1 / 3))
    assert curve.operating in [(p.precision, p.recall) for p in curve.points]
    assert curve.points[-1] == Point(0.25, 2 / 3, 2 / 3)
    assert "gap" not in curves(rows, ["bed", "gap"])
    assert pooled_curve(rows, ["bed", "gap"]) == curve


@pytest.mark.parametrize(
    ("wanted", "found", "cells"),
    [
        (["a", "b"], ["a", "b"], {("a", "a"): 1, ("b", "b"): 1}),
        (["a", "b"], ["b", "c"], {("b", "b"): 1, ("a", "c"): 1}),
        (["a"], ["b", "c"], {("a", "b"): 0.5, ("a", "c"): 0.5}),
        (["a", "b"], ["c"], {("a", "c"): 1, ("b", "c"): 1}),
        (["a", "b"], ["a"], {("a", "a"): 1, ("b", NOTHING_ELSE): 1}),
        (["a"], [], {("a", NO_FINDING): 1}),
        (["a"], ["a", "b"], {("a", "a"): 1, (NOTHING_MISSED, "b"): 1}),
        ([], ["a", "b"], {(NO_LABEL, "a"): 1, (NO_LABEL, "b"): 1}),
        ([], [], {}),
    ],
)
def test_confusion_of_one_sentence(wanted: list[str], found: list[str], cells: dict[tuple[str, str], float]) -> None:
    assert confusion([row(wanted, dict.fromkeys(found, 0.5))]) == cells


def test_a_row_of_the_confusion_adds_up_to_the_gold_sentences_of_its_category() -> None:
    rows = [row(["a"], {"b": 0.5, "c": 0.5}), row(["a", "b"], {"a": 0.5}), row(["a"]), row([], {"a": 0.5})]
    assert confusion_table(confusion(rows), ["a", "b", "c"]) == [
        ["gold \\ found", "a", "b", "c", NOTHING_ELSE, NO_FINDING, "sum"],
        ["a", "1", "0.5", "0.5", "0", "1", "3"],
        ["b", "0", "0", "0", "1", "0", "1"],
        ["c", "0", "0", "0", "0", "0", "0"],
        [NOTHING_MISSED, "0", "0", "0", "0", "0", "0"],
        [NO_LABEL, "1", "0", "0", "0", "0", "1"],
    ]
    assert most_confused(confusion(rows)) == [Confused("a", "b", 0.5, 3), Confused("a", "c", 0.5, 3)]


def test_a_gold_category_that_the_model_does_not_know_has_its_row() -> None:
    table = confusion_table(confusion([row(["new"])]), ["a"])
    assert ["new", "0", "0", "0", "1", "1"] in table


def test_the_worst_errors_are_the_surest_ones() -> None:
    rows = [
        row([], {"a": 0.5}, start=0),
        row([], {"a": 0.75}, start=10),
        row(["a"], scores={"a": 0.25}, start=20),
        row(["a"], scores={"a": 0.125}, start=30),
        row(["a"], start=40),
        row(["a"], {"a": 0.5}, start=50),
    ]
    errors = worst_errors(rows, "a", threshold=0.4, most=2)
    assert [(e.kind, e.score, e.sentence.start) for e in errors] == [
        ("found in vain", 0.75, 10),
        ("found in vain", 0.5, 0),
        ("missed", None, 40),
        ("missed", 0.125, 30),
    ]


def test_an_evaluation_agrees_with_itself(gold: GoldReport, compared: list[Compared]) -> None:
    counts = count_agreements(gold, [finding(0, 38, gap=0.75)])
    measured = evaluation("m", [counts], compared, ("gap", "bed"))
    metrics = as_metrics(measured)
    assert metrics["figures"]["calibration_error"]["value"] == pytest.approx(
        calibration_error(measured.reliability["found categories"])
    )
    for category, curve in measured.curves.items():
        figures = measured.by_category[category]
        assert curve.support == figures.support
        assert curve.operating is None or curve.operating == (figures.precision, figures.recall)
    assert metrics["confusion"] == [
        {"gold": "bed", "found": "gap", "sentences": 1.0},
        {"gold": "gap", "found": "gap", "sentences": 1.0},
    ]
