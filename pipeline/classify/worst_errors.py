"""The errors that a model was surest of, category by category."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.classify.compare import Compared


@dataclass(frozen=True, slots=True)
class Error:
    """A category found in vain, or missed, on a gold sentence; `score` is None when the sentence was not classified at all."""

    category: str
    kind: Literal["found in vain", "missed"]
    score: float | None
    threshold: float
    sentence: Compared


def worst_errors(rows: Sequence[Compared], category: str, *, threshold: float, most: int = 10) -> list[Error]:
    """Up to `most` categories found in vain with the highest scores, then up to `most` missed ones with the lowest."""
    in_vain = sorted((r for r in rows if category in r.extra), key=lambda r: (-r.found[category], r.report_id, r.start))
    missed = sorted(
        (r for r in rows if category in r.missed), key=lambda r: (r.scores.get(category, 0.0), r.report_id, r.start)
    )
    return [Error(category, "found in vain", r.found[category], threshold, r) for r in in_vain[:most]] + [
        Error(category, "missed", r.scores.get(category), threshold, r) for r in missed[:most]
    ]
