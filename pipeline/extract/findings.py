"""Turn scores into findings: which passages are findings, of what categories, and how the report puts them."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.classify.model_folder import Calibration, ModelConfig
from pipeline.classify.scores import Scores
from pipeline.extract.boxes import boxes_of
from pipeline.report import ASSERTIONS, Actor, CategoryScore, Finding, Page, Passage

DIGITS = 4


def found(
    scores: Scores, config: ModelConfig, calibration: Calibration, *, wanted: Collection[str]
) -> list[tuple[int, tuple[CategoryScore, ...], bool]]:
    """Rows that are findings: index of the passage, its categories (most probable first), and whether it needs review.

    A passage is a finding when it is one with probability `finding_threshold` and is about a wanted category with
    that category's threshold. It needs review while no category reaches the threshold from which the model is sure.
    """
    threshold, sure = np.array(calibration.threshold), np.array(calibration.sure)
    is_wanted = np.array([c in wanted for c in config.categories])
    hits = (scores.categories >= threshold) & is_wanted & is_finding(scores, calibration)[:, np.newaxis]
    rows = []
    for index in np.flatnonzero(hits.any(axis=1)):
        row = scores.categories[index]
        order = sorted(np.flatnonzero(hits[index]), key=lambda c: -row[c])
        categories = tuple(CategoryScore(config.categories[c], round(float(row[c]), DIGITS)) for c in order)
        rows.append((int(index), categories, not bool((row[order] >= sure[order]).any())))
    return rows


def is_finding(scores: Scores, calibration: Calibration) -> NDArray[np.bool_]:
    """Which passages are a finding with probability `finding_threshold`: (passages,)."""
    gate: NDArray[np.bool_] = scores.assertions[:, 0] <= 1 - calibration.finding_threshold
    return gate


def make_findings(
    text: str,
    passages: Sequence[Passage],
    pages: Sequence[Page],
    scores: Scores,
    actors: Sequence[tuple[Actor, ...]],
    rows: Sequence[tuple[int, tuple[CategoryScore, ...], bool]],
) -> tuple[Finding, ...]:
    """Findings of one report in text order; `actors` runs parallel to `rows`. Every quote is checked against the text."""
    findings = []
    for (index, categories, needs_review), named in zip(rows, actors, strict=True):
        passage = passages[index]
        said = scores.assertions[index, 1:]
        best = int(said.argmax())
        boxes = boxes_of(pages, passage.start, passage.end)
        finding = Finding(
            start=passage.start,
            end=passage.end,
            quote=text[passage.start : passage.end],
            section=passage.section,
            assertion=ASSERTIONS[best],
            assertion_score=round(float(said[best] / max(said.sum(), 1e-9)), DIGITS),
            categories=categories,
            actors=named,
            boxes=boxes,
            page=_page_at(pages, passage.start),
            needs_review=needs_review,
        )
        finding.check(text)
        findings.append(finding)
    return tuple(findings)


def _page_at(pages: Sequence[Page], at: int) -> int | None:
    return next((page.number for page in pages if page.start <= at < page.end), None)
