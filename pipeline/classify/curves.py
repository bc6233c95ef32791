"""Precision and recall of each category as its threshold moves, all else as in the product."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.classify.compare import Compared


@dataclass(frozen=True, slots=True)
class Point:
    """Precision and recall when everything with a score of `threshold` or more is found."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Points from the highest score down; `operating` is where the model's own decisions lie (None: nothing found).

    `support` is the number of gold sentences; a sentence that the model cannot find at any threshold counts as missed.
    """

    support: int
    points: tuple[Point, ...]
    average_precision: float
    operating: tuple[float, float] | None


def precision_recall(outcomes: Iterable[tuple[float, bool]], *, support: int) -> tuple[Point, ...]:
    """A point for each distinct score, highest first, out of scores with whether they are right; none without support."""
    points = []
    right = seen = 0
    for score, group in groupby(sorted(outcomes, reverse=True), key=lambda outcome: outcome[0]):
        hits = [is_right for _, is_right in group]
        right, seen = right + sum(hits), seen + len(hits)
        if support:
            points.append(Point(score, right / seen, right / support))
    return tuple(points)


def average_precision(points: Sequence[Point]) -> float:
    """Precision averaged over the steps of recall; what is never reached counts 0."""
    befores = [0.0, *(point.recall for point in points)]
    return sum((p.recall - before) * p.precision for p, before in zip(points, befores, strict=False))


def curves(rows: Sequence[Compared], categories: Sequence[str]) -> dict[str, Curve]:
    """The curve of each category that has a gold sentence."""
    made = {category: _curve(rows, (category,)) for category in categories}
    return {category: curve for category, curve in made.items() if curve.support}


def pooled_curve(rows: Sequence[Compared], categories: Sequence[str]) -> Curve:
    """One curve over all pairs of sentence and category, with one threshold for all."""
    return _curve(rows, categories)


def _curve(rows: Sequence[Compared], categories: Sequence[str]) -> Curve:
    outcomes = [(row.open_scores[c], c in row.categories) for row in rows for c in categories if c in row.open_scores]
    support = sum(c in row.categories for row in rows for c in categories)
    points = precision_recall(outcomes, support=support)
    got = sum(c in row.found for row in rows for c in categories)
    right = sum(c in row.found and c in row.categories for row in rows for c in categories)
    operating = (right / got, right / support) if got and support else None
    return Curve(support, points, average_precision(points), operating)
