"""Whether a new model may take the place of the running one: both read the same reports, which neither learnt from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.annotate.refit import learnt_from, text_hash
from pipeline.classify.evaluate import Counts, Figure, count_agreements
from pipeline.classify.gold import GoldReport
from pipeline.classify.load import load_classifier
from pipeline.errors import GoldError
from pipeline.extract.findings import find

FEWEST_REPORTS = 5
LOW, HIGH = 5, 95
OUTCOMES = ("tp", "fp", "fn")
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one model does on the reports held back."""

    model: str
    category_micro_f1: float
    sentence_f1: float


@dataclass(frozen=True, slots=True)
class Contest:
    """Two models on the same `reports`. The differences are challenger less running, with a paired bootstrap interval over reports.

    An interval runs from the 5th to the 95th percentile: each end of it is that of a one-sided 95% interval.
    """

    reports: int
    running: Measured
    challenger: Measured
    category_difference: Figure
    sentence_difference: Figure

    @property
    def is_better(self) -> bool:
        """Whether the challenger surely finds the categories better, and does not surely find the sentences worse."""
        gain, change = self.category_difference.low, self.sentence_difference.high
        return gain is not None and gain > 0 and change is not None and change >= 0

    def as_json(self) -> dict[str, Any]:
        """All of it as dictionaries and plain values."""
        return {**asdict(self), "is_better": self.is_better}


def contest(
    running: Path, challenger: Path, held_back: Sequence[GoldReport], *, samples: int = 2000, seed: int
) -> Contest:
    """Measure two model folders on the same labelled reports; raise GoldError when one was refitted on any of them."""
    _refuse(running, challenger, held_back)
    (old, old_counts), (new, new_counts) = (_measured(folder, held_back) for folder in (running, challenger))
    drawn = np.random.default_rng(seed).integers(len(held_back), size=(samples, len(held_back)))
    category, sentence = (
        _difference(_outcomes(old_counts, measure), _outcomes(new_counts, measure), drawn)
        for measure in ("category", "sentence")
    )
    return Contest(len(held_back), old, new, category, sentence)


def _refuse(running: Path, challenger: Path, held_back: Sequence[GoldReport]) -> None:
    if len(held_back) < FEWEST_REPORTS:
        raise GoldError(
            f"{len(held_back)} reports held back: at least {FEWEST_REPORTS} are needed to compare two models"
        )
    for folder in (running, challenger):
        known = learnt_from(folder)
        seen = [report.id for report in held_back if text_hash(report) in known]
        if seen:
            raise GoldError(
                f"{folder.name} learnt from {len(seen)} of the reports held back, {seen[0]} among them: measure on others"
            )


def _measured(folder: Path, reports: Sequence[GoldReport]) -> tuple[Measured, list[Counts]]:
    classifier = load_classifier(folder)
    known = classifier.config.categories
    counts = []
    for report in reports:
        scores = classifier.scores(report.text, report.passages)
        found = find(report.text, report.passages, scores, classifier.calibration, categories=known, wanted=known)
        counts.append(count_agreements(report, found))
    category, sentence = (float(_f1(_outcomes(counts, name).sum(axis=0))) for name in ("category", "sentence"))
    return Measured(classifier.config.version, category, sentence), counts


def _outcomes(counts: Sequence[Counts], measure: str) -> Ints:
    """True and false hits and misses of each report, (reports, 3)."""
    return np.array(
        [
            [sum(n for (m, _, o), n in count.items() if (m, o) == (measure, outcome)) for outcome in OUTCOMES]
            for count in counts
        ]
    )


def _difference(running: Ints, challenger: Ints, drawn: Ints) -> Figure:
    values = _f1(challenger[drawn].sum(axis=1)) - _f1(running[drawn].sum(axis=1))
    low, high = np.percentile(values, [LOW, HIGH])
    return Figure(float(_f1(challenger.sum(axis=0)) - _f1(running.sum(axis=0))), float(low), float(high))


def _f1(outcomes: Ints) -> NDArray[np.float64]:
    hits, false, missed = (outcomes[..., i] for i in range(3))
    share: NDArray[np.float64] = 2 * hits / np.maximum(1, 2 * hits + false + missed)
    return share
