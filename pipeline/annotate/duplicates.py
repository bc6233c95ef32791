"""Reports that repeat another: known by the sentences that they share, letter for letter, whatever their spacing and marks."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.corpus.letters import anchor_of
from pipeline.report import Passage

MOST = 0.5
STOCK_REPORTS = 10
STOCK_SHARE = 0.02

_NO_LETTER = re.compile(r"[\W_]+")
Sentences = Mapping[str, int]


def sentences_of(text: str, passages: Sequence[Passage]) -> dict[str, int]:
    """The number of letters of each sentence, by the hash of its letters (as `letters_of` folds them)."""
    folded = (_NO_LETTER.sub("", text[p.start : p.end]).casefold() for p in passages)
    return {anchor_of(letters): len(letters) for letters in folded if letters}


@dataclass(frozen=True, slots=True)
class Index:
    """Which reports hold a sentence: `holders` gives their places by hash, `letters` how many letters count in each report."""

    holders: Mapping[str, NDArray[np.intp]]
    letters: NDArray[np.int64]

    def repeats(self, sentences: Sentences) -> NDArray[np.bool_]:
        """Which reports have most of their letters in `sentences` of another one: (reports,)."""
        shared = np.zeros(len(self.letters), np.int64)
        for key in sentences:
            if key in self.holders:
                shared[self.holders[key]] += sentences[key]
        repeated: NDArray[Any] = shared > MOST * self.letters
        return repeated & (self.letters > 0)


def index_of(reports: Sequence[Sentences]) -> Index:
    """Index reports by their sentences. Stock phrases, which many reports share, count only where a report has nothing else."""
    everywhere: dict[str, int] = {}
    for sentences in reports:
        for key in sentences:
            everywhere[key] = everywhere.get(key, 0) + 1
    many = max(STOCK_REPORTS, STOCK_SHARE * len(reports))
    holders: dict[str, list[int]] = {}
    letters = np.zeros(len(reports), np.int64)
    for at, sentences in enumerate(reports):
        own = [key for key in sentences if everywhere[key] <= many] or sentences
        for key in own:
            holders.setdefault(key, []).append(at)
            letters[at] += sentences[key]
    return Index({key: np.array(places) for key, places in holders.items()}, letters)
