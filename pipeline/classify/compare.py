"""Lay a model's findings and scores beside the gold sentences: what every closer look at its errors starts from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.classify.evaluate import falls_on, overlap
from pipeline.classify.gold import GoldReport
from pipeline.classify.model_folder import Calibration
from pipeline.classify.scores import Scores
from pipeline.extract.findings import is_finding
from pipeline.report import Assertion, Finding, Passage


@dataclass(frozen=True, slots=True)
class Compared:
    """A gold sentence: what gold says of it (assertion None: nothing) and what the model does.

    `found` are the categories of the findings that fall on it, each with its highest score. `scores` are the highest
    scores of every category, found or not, over the passages that fall on it; empty when none was classified. `open_scores` are those
    of the passages that are findings with probability `finding_threshold`: what lower category thresholds would let in.
    """

    report_id: str
    start: int
    end: int
    text: str
    section: str | None
    assertion: Assertion | None
    categories: tuple[str, ...]
    found_assertion: Assertion | None
    found_assertion_score: float | None
    found: Mapping[str, float]
    scores: Mapping[str, float]
    open_scores: Mapping[str, float]

    @property
    def missed(self) -> tuple[str, ...]:
        """Categories of gold that were not found."""
        return tuple(c for c in self.categories if c not in self.found)

    @property
    def extra(self) -> tuple[str, ...]:
        """Categories that were found and are not of gold."""
        return tuple(c for c in self.found if c not in self.categories)


def compare(
    gold: GoldReport,
    findings: Sequence[Finding],
    classified: Sequence[Passage],
    scores: Scores,
    calibration: Calibration,
    *,
    categories: Sequence[str],
) -> list[Compared]:
    """Compare each gold sentence of a report; `scores` has a row a classified passage and a column a category."""
    is_open = is_finding(scores, calibration)
    rows = []
    for sentence in gold.passages:
        span = (sentence.start, sentence.end)
        label = gold.labels.get(span)
        hits = sorted((f for f in findings if falls_on((f.start, f.end), span)), key=lambda f: f.start)
        best = max(hits, key=lambda f: overlap((f.start, f.end), span), default=None)
        on = [i for i, p in enumerate(classified) if falls_on((p.start, p.end), span)]
        rows.append(
            Compared(
                report_id=gold.id,
                start=sentence.start,
                end=sentence.end,
                text=gold.text[sentence.start : sentence.end],
                section=sentence.section,
                assertion=label.assertion if label else None,
                categories=label.categories if label else (),
                found_assertion=best.assertion if best else None,
                found_assertion_score=best.assertion_score if best else None,
                found=_highest_found(hits),
                scores=_highest(scores, on, categories),
                open_scores=_highest(scores, [i for i in on if is_open[i]], categories),
            )
        )
    return rows


def _highest_found(hits: Sequence[Finding]) -> dict[str, float]:
    highest: dict[str, float] = {}
    for category in (c for f in hits for c in f.categories):
        highest[category.id] = max(highest.get(category.id, 0.0), category.score)
    return highest


def _highest(scores: Scores, rows: Sequence[int], categories: Sequence[str]) -> dict[str, float]:
    if not rows:
        return {}
    return dict(zip(categories, map(float, scores.categories[list(rows)].max(axis=0)), strict=True))
