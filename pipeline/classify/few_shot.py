"""Learn one category from few labelled passages: a linear head on frozen embeddings, and how far to trust it.

Everything that is chosen from the data (weights, calibration, threshold) is chosen again in each fold of the
cross-validation, so that the figures are of passages that had no part in it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedGroupKFold

from pipeline.classify.evaluate import Figure

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FOLDS = 5
STRENGTH = 0.01
PLATT_STRENGTH = 10.0
SAMPLES = 1000
FEWEST = 5
FEW = 20
MANY = 100
RARE = 0.01


@dataclass(frozen=True, slots=True)
class Examples:
    """Embedded passages, a row a passage. `groups` tells reports apart; a fold never splits one.

    `is_finding` says whether the model takes the passage for a finding at all: what it does not, no category can be found in.
    `own` tells the user's passages from background, which teaches but is not measured on.
    """

    pooled: Floats
    groups: Ints
    is_finding: Bools
    own: Bools


@dataclass(frozen=True, slots=True)
class Head:
    """A row of the category head: logit = pooled @ weight + bias, probability = sigmoid(slope * logit + intercept)."""

    weight: Floats
    bias: float
    slope: float
    intercept: float
    threshold: float

    def probabilities(self, pooled: Floats) -> Floats:
        """Calibrated probabilities, (passages,)."""
        return _sigmoid(self.slope * (pooled @ self.weight + self.bias) + self.intercept)


@dataclass(frozen=True, slots=True)
class Trust:
    """How a category did on the user's passages; `share` is that of examples in all that the head learnt from.

    `missed_as_finding` counts the examples that the model takes for no finding. `rare_precision` is the precision to expect
    where one passage in a hundred is of the category. `background_rate` is how many of a thousand background passages
    are found, right or wrong.
    """

    examples: int
    negatives: int
    share: float
    precision: Figure
    recall: Figure
    f1: Figure
    average_precision: float
    missed_as_finding: int
    rare_precision: float
    background_rate: float | None

    @property
    def level(self) -> str:
        """low, fair or good: what the figures bear where the category is rare, as in reports."""
        low = self.f1.low or 0.0
        if min(self.examples, self.negatives) < FEW or low < 0.5 or self.rare_precision < 0.3:
            return "low"
        return "good" if self.examples >= MANY and low >= 0.7 and self.rare_precision >= 0.5 else "fair"

    @property
    def words(self) -> str:
        """One line for people."""
        few = f" (fewer than {FEW})" if self.examples < FEW else ""
        return (
            f"{self.level}: {self.examples} examples{few}, F1 {self.f1.low:.2f} to {self.f1.high:.2f} on such sentences; "
            f"where 1 passage in 100 is of it, {100 * self.rare_precision:.0f} of 100 findings would be right"
        )


def refusal(labels: Ints, examples: Examples) -> str | None:
    """Why there is too little to learn from, or None. `labels` are 0/1, (passages,)."""
    n = int(labels[examples.own].sum())
    if n < FEWEST:
        return f"{n} examples, at least {FEWEST} are needed ({FEW} for a figure that says something)"
    if _folds(labels, examples.groups) < 2:
        return f"its {n} examples or all others stand in one report; at least two are needed to measure anything"
    return None


def learn(labels: Ints, examples: Examples, *, seed: int) -> tuple[Head, Trust]:
    """Fit the head on all passages, and measure such heads by cross-validation."""
    probabilities, hits = np.zeros(len(labels)), np.zeros(len(labels), np.bool_)
    for train, test in _split(labels, examples.groups, seed):
        head = _fit_head(examples.pooled[train], labels[train], examples.groups[train], seed)
        probabilities[test] = head.probabilities(examples.pooled[test])
        hits[test] = probabilities[test] >= head.threshold
    trust = measure(labels, probabilities, hits & examples.is_finding, examples, seed=seed)
    return _fit_head(examples.pooled, labels, examples.groups, seed), trust


def measure(labels: Ints, probabilities: Floats, hits: Bools, examples: Examples, *, seed: int) -> Trust:
    """Figures of decisions `hits` on the user's own passages; on all when none of those is a negative."""
    own = examples.own if (labels[examples.own] == 0).any() else np.ones(len(labels), np.bool_)
    counts = np.stack([hits & (labels == 1), hits & (labels == 0), ~hits & (labels == 1)], axis=1)[own].astype(np.int64)
    precision, recall, f1 = _intervals(counts, examples.groups[own], seed)
    negatives = int((labels[own] == 0).sum())
    false_rate = (counts[:, 1].sum() + 0.5) / (negatives + 1)
    found = (recall.value or 0.0) * RARE
    background = hits[~examples.own]
    return Trust(
        examples=int(labels[examples.own].sum()),
        negatives=int((labels[examples.own] == 0).sum()),
        share=float(labels.mean()),
        precision=precision,
        recall=recall,
        f1=f1,
        average_precision=float(average_precision_score(labels[own], probabilities[own])),
        missed_as_finding=int(((labels == 1) & examples.own & ~examples.is_finding).sum()),
        rare_precision=float(found / (found + (1 - RARE) * false_rate)),
        background_rate=float(1000 * background.mean()) if len(background) else None,
    )


def _fit_head(pooled: Floats, labels: Ints, groups: Ints, seed: int) -> Head:
    logits = np.zeros(len(labels))
    for train, test in _split(labels, groups, seed):
        weight, bias = _fit_row(pooled[train], labels[train])
        logits[test] = pooled[test] @ weight + bias
    platt = LogisticRegression(C=PLATT_STRENGTH).fit(logits.reshape(-1, 1), labels)
    slope, intercept = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    weight, bias = _fit_row(pooled, labels)
    return Head(weight, bias, slope, intercept, _threshold(_sigmoid(slope * logits + intercept)))


def _fit_row(pooled: Floats, labels: Ints) -> tuple[Floats, float]:
    """A regularised logistic regression; all dimensions are scaled by one number, so that its strength means the same anywhere."""
    centre = pooled.mean(axis=0)
    scale = float((pooled - centre).std()) or 1.0
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit((pooled - centre) / scale, labels)
    weight = model.coef_[0] / scale
    return weight, float(model.intercept_[0] - centre @ weight)


def _threshold(probabilities: Floats) -> float:
    """Where the expected F1 is highest if the probabilities are right; steadier than counting with few examples."""
    grid = np.round(np.arange(0.1, 0.9, 0.02), 2)
    expected = [
        2 * probabilities[probabilities >= t].sum() / ((probabilities >= t).sum() + probabilities.sum()) for t in grid
    ]
    return float(grid[int(np.argmax(expected))])


def _folds(labels: Ints, groups: Ints) -> int:
    return min(FOLDS, len(np.unique(groups[labels == 1])), len(np.unique(groups[labels == 0])))


def _split(labels: Ints, groups: Ints, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Rows to learn from and rows to try, a pair a fold; a fold that would leave one kind only to learn from is left out."""
    folds = _folds(labels, groups)
    if folds < 2:
        everything = np.arange(len(labels))
        yield everything, everything
        return
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    yield from (pair for pair in splitter.split(labels, labels, groups) if len(np.unique(labels[pair[0]])) == 2)


def _intervals(counts: Ints, groups: Ints, seed: int) -> tuple[Figure, Figure, Figure]:
    """Precision, recall and F1 from (passages, 3) true and false hits and misses; 95% bootstrap intervals over reports."""
    _, index = np.unique(groups, return_inverse=True)
    by_report = np.zeros((index.max() + 1, 3), np.int64)
    np.add.at(by_report, index, counts)
    drawn = np.random.default_rng(seed).integers(len(by_report), size=(SAMPLES, len(by_report)))
    samples = by_report[drawn].sum(axis=1)
    total = by_report.sum(axis=0, keepdims=True)
    return tuple(_figure(share, total, samples) for share in (_precision, _recall, _f1))  # type: ignore[return-value]


def _figure(share: Callable[[Ints], Floats], total: Ints, samples: Ints) -> Figure:
    low, high = np.percentile(share(samples), [2.5, 97.5])
    return Figure(float(share(total)[0]), float(low), float(high))


def _precision(counts: Ints) -> Floats:
    return _share(counts[:, 0], counts[:, 0] + counts[:, 1])


def _recall(counts: Ints) -> Floats:
    return _share(counts[:, 0], counts[:, 0] + counts[:, 2])


def _f1(counts: Ints) -> Floats:
    return _share(2 * counts[:, 0], 2 * counts[:, 0] + counts[:, 1] + counts[:, 2])


def _share(part: Ints, whole: Ints) -> Floats:
    share: Floats = part / np.maximum(1, whole)
    return share


def _sigmoid(logits: Floats) -> Floats:
    return 1 / (1 + np.exp(-logits))
