"""Which reports people should read first: some drawn by lot, to measure on, then those that teach the model most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.annotate.duplicates import Sentences, index_of, sentences_of
from pipeline.errors import UsageError
from pipeline.report import Passage, sha256

Why = Literal["random", "useful"]
Array = NDArray[np.floating[Any]]

RANDOM_SHARE = 0.2
LENGTH_POWER = 1.0


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
    length_power: float = LENGTH_POWER,
    seed: int,
    read: Sequence[Candidate] = (),
) -> tuple[Chosen, ...]:
    """Choose `count` reports, those drawn by lot first; fewer where all others repeat what is read or chosen already.

    `read` are reports that people have read: more of what they teach is worth less, and none of them comes again. The lot is one
    order of all texts that `seed` fixes, whatever was chosen before. The order of `candidates` does not matter.
    """
    if count < 0 or not 0 <= random_share <= 1:
        raise UsageError(f"{count} reports with a random share of {random_share}: at least 0, and a share from 0 to 1")
    if len({len(c.uncertainty) for c in (*candidates, *read)}) > 1:
        raise UsageError("the reports were scored for different numbers of categories: score them all with one model")
    left = _Left(candidates, read)
    drawn = left.draw(round(random_share * count), seed)
    picked = left.pick(count - len(drawn), [*read, *drawn], length_power)
    return (*(Chosen(c.report_id, "random") for c in drawn), *(Chosen(c.report_id, "useful") for c in picked))


class _Left:
    """The candidates that may still be chosen, each text once, in an order of their own; repeats of a report that was taken are closed."""

    def __init__(self, candidates: Sequence[Candidate], read: Sequence[Candidate]) -> None:
        by_text = {c.text_sha256: c for c in sorted(candidates, key=lambda c: c.report_id, reverse=True)}
        self._pool = [by_text[text] for text in sorted(by_text)]
        self._index = index_of([c.sentences for c in self._pool])
        texts = {c.text_sha256 for c in read}
        self._is_open = np.array([c.text_sha256 not in texts for c in self._pool], np.bool_)
        for each in read:
            self._is_open &= ~self._index.repeats(each.sentences)

    def draw(self, count: int, seed: int) -> list[Candidate]:
        """Take up to `count` in the order of the lot."""
        lot = sorted(range(len(self._pool)), key=lambda at: sha256(f"{seed}:{self._pool[at].text_sha256}".encode()))
        drawn: list[Candidate] = []
        for place in lot:
            if len(drawn) < count and self._is_open[place]:
                drawn.append(self._take(place))
        return drawn

    def pick(self, count: int, served: Sequence[Candidate], length_power: float) -> list[Candidate]:
        """Take up to `count`, each time the one that adds most to what is `served`, for its length."""
        worth = np.array([c.uncertainty for c in self._pool])
        cost = np.array([max(1, c.words) for c in self._pool]) ** length_power
        total = np.array([c.uncertainty for c in served]).sum(axis=0) if served else 0.0
        picked: list[Candidate] = []
        while len(picked) < count and self._is_open.any():
            gain = (np.sqrt(total + worth) - np.sqrt(total)).sum(axis=1) / cost
            place = int(np.where(self._is_open, gain, -1.0).argmax())
            picked.append(self._take(place))
            total = total + worth[place]
        return picked

    def _take(self, place: int) -> Candidate:
        self._is_open[place] = False
        self._is_open &= ~self._index.repeats(self._pool[place].sentences)
        return self._pool[place]
