"""Turn scores into findings: which passages are findings, of what categories, and how the report puts them."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.classify.model_folder import Calibration
from pipeline.classify.scores import Scores
from pipeline.report import ASSERTIONS, CategoryScore, Finding, Passage

DIGITS = 4


def find(
    text: str,
    passages: Sequence[Passage],
    scores: Scores,
    calibration: Calibration,
    *,
    categories: Sequence[str],
    wanted: Collection[str],
) -> tuple[Finding, ...]:
    """Findings of one report in text order, with nothing but what the model says; `scores` has a row a passage, a column a category.

    A passage is a finding when it is one with probability `finding_threshold` and is about a wanted category with
    that category's threshold. It needs review while no category reaches the threshold from which the model is sure.
    """
    sure = np.array(calibration.sure)
    is_wanted = np.array([c in wanted for c in categories])
    hits = (scores.categories >= np.array(calibration.threshold)) & is_wanted
    hits &= is_finding(scores, calibration)[:, np.newaxis]

    def made() -> Iterator[Finding]:
        for index in map(int, np.flatnonzero(hits.any(axis=1))):
            passage, row, said = passages[index], scores.categories[index], scores.assertions[index, 1:]
            order = sorted(map(int, np.flatnonzero(hits[index])), key=lambda c: -row[c])
            best = int(said.argmax())
            yield Finding(
                start=passage.start,
                end=passage.end,
                quote=text[passage.start : passage.end],
                section=passage.section,
                assertion=ASSERTIONS[best],
                assertion_score=round(float(said[best] / max(said.sum(), 1e-9)), DIGITS),
                categories=tuple(CategoryScore(categories[c], round(float(row[c]), DIGITS)) for c in order),
                needs_review=not bool((row[order] >= sure[order]).any()),
            )

    return tuple(made())


def is_finding(scores: Scores, calibration: Calibration) -> NDArray[np.bool_]:
    """Which passages are a finding with probability `finding_threshold`: (passages,)."""
    gate: NDArray[np.bool_] = scores.assertions[:, 0] <= 1 - calibration.finding_threshold
    return gate
