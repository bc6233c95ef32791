import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.classify.gold import GoldLabel, GoldReport
from pipeline.classify.lessons import from_gold
from pipeline.classify.scores import Logits
from pipeline.classify.teaching import taught, unlabelled
from pipeline.report import Passage

ROWS = [
    ("held", "Nobody told the crew about the warning."),
    ("held-again", "Nobody told the crew about the warning!"),
    ("known", "No bed was free on the ward."),
    ("new", "The gate was left open. The alarm had no battery."),
]


class Teacher:
    """Says "failing" and the first of two categories, with the same logits always."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def logits(self, text: str, passages: Sequence[Passage]) -> Logits:
        self.read.append(text)
        n = len(passages)
        return Logits(np.tile(np.float32([2, -2]), (n, 1)), np.tile(np.float32([0, 3, 0, 0, 0]), (n, 1)))


def test_a_labelled_report_is_certain() -> None:
    passages = (Passage(0, 3, None), Passage(4, 7, None))
    gold = GoldReport("a", "One two", passages, {(4, 7): GoldLabel(4, 7, "remedied", ("policy",), ())})
    lesson = from_gold(gold, ["training", "policy"])
    assert lesson.categories.tolist() == [[0, 0], [0, 1]]
    assert lesson.assertions.tolist() == [[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]]


def test_only_new_reports_are_taught_and_none_that_is_held_out_under_another_url(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "reports.csv.gz", "wt", encoding="utf-8", newline="") as table:
        rows = csv.writer(table)
        rows.writerow(["url", "id", "concerns"])
        rows.writerows([f"https://example.org/{name}", name, text] for name, text in ROWS)
    (tmp_path / "heldout_ids.txt").write_text("pfd-1\thttps://example.org/held\n", encoding="utf-8")
    teacher, kept = Teacher(), tmp_path / "kept.jsonl"
    reports = unlabelled(tmp_path, leave_out={"https://example.org/known"}, seed=1, kept=kept)
    lessons = list(taught(reports, teacher))  # type: ignore[arg-type]
    assert unlabelled(tmp_path / "gone", leave_out=set(), seed=1, kept=kept) == reports
    assert len(teacher.read) == len(lessons) == 1
    assert "The gate was left open." in teacher.read[0]
    assert lessons[0].categories[0] == pytest.approx([0.8808, 0.1192], abs=1e-4)
    assert lessons[0].assertions[0].sum() == pytest.approx(1)
    assert lessons[0].assertions[0].argmax() == 1
