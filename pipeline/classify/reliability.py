"""How far probabilities can be taken at their word: bins of like scores, and how often each was right."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.classify.compare import Compared
from pipeline.classify.evaluate import BINS

Outcome = tuple[float, bool]


@dataclass(frozen=True, slots=True)
class Bin:
    """Scores in [low, high), the last bin with its end: how many, their mean, and the share that was right; None when empty."""

    low: float
    high: float
    count: int
    mean_score: float | None
    share_right: float | None


def reliability(outcomes: Iterable[Outcome]) -> tuple[Bin, ...]:
    """Sort scores in [0, 1], each with whether it was right, into BINS bins of equal width."""
    cells: list[list[Outcome]] = [[] for _ in range(BINS)]
    for score, right in outcomes:
        cells[min(BINS - 1, int(score * BINS))].append((score, right))
    return tuple(_bin(index / BINS, (index + 1) / BINS, cell) for index, cell in enumerate(cells))


def _bin(low: float, high: float, cell: list[Outcome]) -> Bin:
    if not cell:
        return Bin(low, high, 0, None, None)
    n = len(cell)
    return Bin(low, high, n, sum(score for score, _ in cell) / n, sum(right for _, right in cell) / n)


def calibration_error(bins: Iterable[Bin]) -> float | None:
    """Expected calibration error: the gap between mean score and share right, averaged over all scores; None without any."""
    gaps = [
        (b.count, abs(b.mean_score - b.share_right))
        for b in bins
        if b.mean_score is not None and b.share_right is not None
    ]
    return sum(n * gap for n, gap in gaps) / sum(n for n, _ in gaps) if gaps else None


def found_categories(rows: Iterable[Compared]) -> list[Outcome]:
    """Scores of the categories that were found; their calibration error is the figure `calibration_error`."""
    return [(score, c in row.categories) for row in rows for c, score in row.found.items()]


def all_categories(rows: Iterable[Compared]) -> list[Outcome]:
    """Scores of every category on every sentence that was classified, found or not."""
    return [(score, c in row.categories) for row in rows for c, score in row.scores.items()]


def assertions(rows: Iterable[Compared]) -> list[Outcome]:
    """Scores of the assertion of the best finding on each labelled sentence that has one."""
    return [
        (row.found_assertion_score, row.found_assertion == row.assertion)
        for row in rows
        if row.assertion and row.found_assertion_score is not None
    ]
