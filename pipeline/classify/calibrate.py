"""Fit on held-out labelled reports what turns logits to probabilities, and the thresholds that turn those to decisions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from pipeline.classify.model_folder import Calibration
from pipeline.classify.scores import Logits

Array = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]
SURE_PRECISION = 0.9
FEWEST = 20
GRID = np.round(np.arange(0.1, 0.9, 0.02), 2)
PULL = 5.0


def fit_calibration(
    logits: Logits, categories: Labels, assertions: Labels, *, precision: float = SURE_PRECISION
) -> Calibration:
    """Fit on passages whose labels are known: categories (passages, categories) of 0/1, assertions (passages,) with 0 for none.

    From its `sure` score on, of what is found `precision` is right. All categories share one threshold: once probabilities are
    calibrated, thresholds of their own were worse on reports that they were not fitted on.
    """
    slope, intercept = np.transpose(
        [_platt(logits.categories[:, c], categories[:, c]) for c in range(categories.shape[1])]
    )
    scores = 1 / (1 + np.exp(-(slope * logits.categories + intercept)))
    threshold = _best_threshold(scores.ravel(), categories.ravel())
    is_found = scores >= threshold
    sure = _sure(scores[is_found], categories[is_found], precision)
    temperature = _temperature(logits.assertions, assertions)
    return Calibration(
        slope=tuple(map(float, slope)),
        intercept=tuple(map(float, intercept)),
        threshold=(threshold,) * categories.shape[1],
        sure=(max(sure, threshold),) * categories.shape[1],
        assertion_temperature=temperature,
        finding_threshold=_finding_threshold(scores, threshold, logits.assertions / temperature, categories),
    )


def _platt(logits: NDArray[np.float32], labels: Labels) -> tuple[float, float]:
    """Slope and intercept of a logistic regression on the logit, drawn to (1, 0) by as much as PULL says."""

    def loss(line: Array) -> float:
        z = line[0] * logits + line[1]
        return float((np.logaddexp(0, z) - labels * z).sum() + PULL * ((line - (1, 0)) ** 2).sum())

    slope, intercept = minimize(loss, x0=(1.0, 0.0), bounds=[(0.1, None), (None, None)]).x
    return float(slope), float(intercept)


def _f1_at(scores: Array, labels: Labels, threshold: float) -> float:
    got = scores >= threshold
    hits = int((got & (labels == 1)).sum())
    return 2 * hits / (int(got.sum()) + int(labels.sum())) if hits else 0.0


def _best_threshold(scores: Array, labels: Labels) -> float:
    return float(max(GRID, key=lambda t: _f1_at(scores, labels, t)))


def _sure(scores: Array, labels: Labels, wanted: float) -> float:
    """The lowest score from which on the precision is `wanted`, over all categories: one has too few examples on its own."""
    order = np.argsort(-scores)
    precision = np.cumsum(labels[order]) / np.arange(1, len(order) + 1)
    reached = np.flatnonzero((precision >= wanted) & (np.arange(len(order)) >= FEWEST - 1))
    return round(float(scores[order[reached[-1]]]), 3) if len(reached) else 1.0


def _temperature(logits: NDArray[np.float32], labels: Labels) -> float:
    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(labels)), labels]).mean())

    return float(min(np.round(np.arange(0.5, 3.01, 0.05), 2), key=loss))


def _finding_threshold(scores: Array, threshold: float, assertions: Array, labels: Labels) -> float:
    exps = np.exp(assertions - assertions.max(axis=1, keepdims=True))
    is_finding = 1 - exps[:, 0] / exps.sum(axis=1)
    got = scores >= threshold
    grid = np.round(np.arange(0.0, 0.6, 0.05), 2)
    return float(
        max(grid, key=lambda t: _f1_at((got & (is_finding >= t)[:, None]).astype(float).ravel(), labels.ravel(), 0.5))
    )


def cross_fitted(
    logits: Sequence[Logits],
    categories: Sequence[Labels],
    assertions: Sequence[Labels],
    *,
    folds: int = 5,
    precision: float = SURE_PRECISION,
) -> list[Calibration]:
    """One calibration a report, each fitted on the reports of the other folds."""
    fitted = []
    for fold in range(folds):
        others = [i for i in range(len(logits)) if i % folds != fold]
        joined = Logits(
            *(np.concatenate([getattr(logits[i], part) for i in others]) for part in ("categories", "assertions"))
        )
        fitted.append(
            fit_calibration(
                joined,
                np.concatenate([categories[i] for i in others]),
                np.concatenate([assertions[i] for i in others]),
                precision=precision,
            )
        )
    return [fitted[i % folds] for i in range(len(logits))]
