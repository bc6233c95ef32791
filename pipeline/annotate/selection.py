"""Which reports people should read first: some drawn by lot, to measure on, then those that teach the model most."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.annotate.duplicates import Sentences, index_of, sentences_of
from pipeline.errors import UsageError
from pipeline.report import Passage

Why = Literal["random", "useful"]
Array = NDArray[np.floating[Any]]

RANDOM_SHARE = 0.2
LENGTH_POWER = 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the choice needs of a report: `uncertainty` is summed over its passages, a value a category of the model."""

    report_id: str
    text_sha256: str
    uncertainty: tuple[float, ...]
    words: int
    sentences: Sentences


@dataclass(frozen=True, slots=True)
class Chosen:
    """A report to read, and why it was chosen."""

    report_id: str
    why: Why


def candidate(
    report_id: str, text_sha256: str, text: str, passages: Sequence[Passage], probabilities: Array
) -> Candidate:
    """Sum up a report that a model has read: `probabilities` are the calibrated ones of its categories, a row a passage."""
    return Candidate(
        report_id,
        text_sha256,
        tuple(map(float, entropy(probabilities).sum(axis=0))),
        sum(len(text[p.start : p.end].split()) for p in passages),
        sentences_of(text, passages),
    )


def entropy(probabilities: Array) -> Array:
    """How unsure each yes or no is, in bits: 0 at 0 and 1, 1 at a half."""
    p = np.clip(probabilities.astype(np.float64), 1e-9, 1 - 1e-9)
    bits: Array = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    return bits


def choose(
    candidates: Sequence[Candidate],
    count: int,
    *,
    random_share: float = RANDOM_SHARE,
    seed: int,
    read: Sequence[Candidate] = (),
) -> tuple[Chosen, ...]:
    """Choose `count` reports, those drawn by lot first; fewer where the rest repeats what is read or chosen already.

    The lot is one order of all reports, fixed by `seed`: what was useful before moves nothing in it. `read` are reports that people have
    read; what they teach needs less of the same, and none of them comes again. The order of `candidates` does not matter.
    """
    if count < 0 or not 0 <= random_share <= 1:
        raise UsageError(f"{count} reports with a random share of {random_share}: at least 0, with a share from 0 to 1")
    pool = sorted(candidates, key=lambda c: (c.text_sha256, c.report_id))
    index = index_of([c.sentences for c in pool])
    known = {c.text_sha256 for c in read}
    is_open = np.array([c.text_sha256 not in known for c in pool], np.bool_)
    for each in read:
        is_open &= ~index.repeats(each.sentences)
    chosen: list[Chosen] = []
    served = _served(read)
    for why, places in (("random", _by_lot(...)), ("useful", ...)):
        ...
    return tuple(chosen)
