"""What a model learns from: a text's passages, each with the probability of every label."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.classify.gold import GoldLabel, GoldReport
from pipeline.report import ASSERTIONS, Passage

NONE_FIRST = ("none", *ASSERTIONS)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A report and, for each passage, the probability of every category and of every assertion ("none" first)."""

    text: str
    passages: Sequence[Passage]
    categories: NDArray[np.float32]
    assertions: NDArray[np.float32]


def from_gold(report: GoldReport, categories: Sequence[str]) -> Lesson:
    """A labelled report as certainties."""
    labels = [report.labels.get((p.start, p.end)) for p in report.passages]
    about = [[float(label is not None and c in label.categories) for c in categories] for label in labels]
    said = np.eye(len(NONE_FIRST), dtype=np.float32)[[said_of(label) for label in labels]]
    return Lesson(report.text, report.passages, np.array(about, np.float32), said)


def said_of(label: GoldLabel | None) -> int:
    """The place of a label's assertion in NONE_FIRST."""
    return NONE_FIRST.index(label.assertion) if label else 0
