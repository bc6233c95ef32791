"""Fit linear heads anew on embeddings, drawn to the heads that are there: what is seen rarely changes little."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from pipeline.classify.scores import Floats, Logits

Array = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Kind = Literal["categories", "assertions"]

STRENGTHS = (2000.0, 500.0, 120.0, 30.0)
FOLDS = 5
STEPS = 60
PRECISION = 1e-4


@dataclass(frozen=True, slots=True)
class Head:
    """logits = pooled @ weight + bias; `weight` is (hidden, labels), `bias` (labels,)."""

    weight: Floats
    bias: Floats

    def logits(self, pooled: Floats) -> Floats:
        """Logits of embedded passages, (passages, labels)."""
        return pooled @ self.weight + self.bias


@dataclass(frozen=True, slots=True)
class Heads:
    """Both heads of a model."""

    categories: Head
    assertions: Head

    def logits(self, pooled: Floats) -> Logits:
        """Logits of embedded passages."""
        return Logits(self.categories.logits(pooled), self.assertions.logits(pooled))


@dataclass(frozen=True, slots=True)
class Taught:
    """Embedded passages that people read: `categories` 0/1 a column a category, `assertions` 0 for none, `reports` tells reports apart."""

    pooled: Floats
    categories: Ints
    assertions: Ints
    reports: Ints


@dataclass(frozen=True, slots=True)
class Refitted:
    """Heads fitted on all passages, and what heads fitted on other reports say of each (`crossed`).

    `strength` is how hard each head was drawn to the one before it; None where that one was better left as it is.
    """

    heads: Heads
    crossed: Logits
    strength: dict[Kind, float | None]


def fit_heads(taught: Taught, base: Heads, *, seed: int, folds: int = FOLDS) -> Refitted:
    """Fit both heads; how hard they are drawn to `base` is what does best on reports left out."""
    fold = _folds(taught.reports, folds, seed)
    about, about_crossed, about_strength = _fit(
        taught.pooled, taught.categories.astype(np.float32), base.categories, fold
    )
    said = np.eye(len(base.assertions.bias), dtype=np.float32)[taught.assertions]
    put, put_crossed, put_strength = _fit(taught.pooled, said, base.assertions, fold, one_of=True)
    return Refitted(
        Heads(about, put),
        Logits(about_crossed, put_crossed),
        {"categories": about_strength, "assertions": put_strength},
    )


def _folds(reports: Ints, folds: int, seed: int) -> Ints:
    """The fold of each passage; passages of a report share theirs."""
    _, index = np.unique(reports, return_inverse=True)
    count = int(index.max()) + 1
    return (np.random.default_rng(seed).permutation(count) % min(folds, count))[index]


def _fit(
    pooled: Floats, labels: Floats, base: Head, folds: Ints, *, one_of: bool = False
) -> tuple[Head, Floats, float | None]:
    """The head, its logits of reports left out, and the strength chosen."""
    shape = (len(STRENGTHS), *labels.shape)
    tried = np.zeros(shape, np.float32)
    for fold in range(int(folds.max()) + 1):
        out = folds == fold
        path = _path(pooled[~out], labels[~out], base, STRENGTHS, one_of=one_of)
        for at, head in enumerate(path):
            tried[at, out] = head.logits(pooled[out])
    unchanged = base.logits(pooled)
    losses = [_loss(logits, labels, one_of=one_of)[0] for logits in (unchanged, *tried)]
    best = int(np.argmin(losses))
    if best == 0:
        return base, unchanged, None
    return _path(pooled, labels, base, STRENGTHS[:best], one_of=one_of)[-1], tried[best - 1], STRENGTHS[best - 1]


def _path(pooled: Floats, labels: Floats, base: Head, strengths: Sequence[float], *, one_of: bool) -> list[Head]:
    """A head a strength, from the strongest on; each starts from the one before."""
    inputs = np.hstack([pooled, np.ones((len(pooled), 1), np.float32)])
    before = base.logits(pooled)
    change = np.zeros((inputs.shape[1], labels.shape[1]))
    heads = []
    for strength in strengths:
        change = _change(inputs, labels, before, change, strength, one_of=one_of)
        heads.append(Head((base.weight + change[:-1]).astype(np.float32), (base.bias + change[-1]).astype(np.float32)))
    return heads


def _change(inputs: Floats, labels: Floats, before: Floats, start: Array, strength: float, *, one_of: bool) -> Array:
    """What to add to weights and bias (the last row): the least loss plus half `strength` times the squared change."""

    def penalised(flat: Array) -> tuple[float, Array]:
        change = flat.reshape(start.shape)
        loss, slope = _loss(before + inputs @ change.astype(np.float32), labels, one_of=one_of)
        gradient = inputs.T @ slope + strength * change
        return loss + 0.5 * strength * float((change**2).sum()), gradient.ravel().astype(np.float64)

    found = minimize(
        penalised, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "ftol": PRECISION}
    )
    return np.asarray(found.x).reshape(start.shape)


def _loss(logits: Floats, labels: Floats, *, one_of: bool) -> tuple[float, Floats]:
    """Log loss summed over passages, and its slope in the logits; of one choice among labels, or of a yes or no to each."""
    if one_of:
        shifted = logits - logits.max(axis=1, keepdims=True)
        exps = np.exp(shifted)
        total = exps.sum(axis=1, keepdims=True)
        return float(
            (np.log(total[:, 0]) - (shifted * labels).sum(axis=1)).sum(dtype=np.float64)
        ), exps / total - labels
    small = np.exp(-np.abs(logits))
    loss = np.maximum(logits, 0) + np.log1p(small) - labels * logits
    return float(loss.sum(dtype=np.float64)), np.where(logits < 0, small, 1) / (1 + small) - labels
