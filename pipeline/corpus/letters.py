"""Letters of a text: its letters and digits without case, by which a sentence is known again where spacing or marks differ."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.report import sha256

ANCHOR_DIGITS = 10

_LETTER = re.compile(r"[^\W_]")
_BEFORE = re.compile(r"(?:(?<=\s)|^)[(\[{“‘\"']+$")
_AFTER = re.compile(r"[^\w\s(\[{“‘]*")


@dataclass(frozen=True, slots=True)
class Letters:
    """The case-folded letters and digits of `text`; `places[i]` is the offset in `text` of the i-th of them."""

    text: str
    folded: str
    places: tuple[int, ...]

    def starts_word(self, at: int) -> bool:
        """Tell whether no letter stands directly before letter `at`."""
        return at == 0 or self.places[at] > self.places[at - 1] + 1

    def interval(self, first: int, end: int) -> tuple[int, int]:
        """The offsets in `text` of the letters [first, end)."""
        return self.places[first], self.places[end - 1] + 1

    def passage(self, first: int, end: int) -> tuple[int, int]:
        """The offsets in `text` of the letters [first, end) with the brackets, quotes and stops around them."""
        start, stop = self.interval(first, end)
        before = _BEFORE.search(self.text, 0, start)
        after = _AFTER.match(self.text, stop)
        return before.start() if before else start, after.end() if after else stop


def letters_of(text: str) -> Letters:
    """The letters of a text; a letter that folds to two has its place twice."""
    pairs = [(fold, match.start()) for match in _LETTER.finditer(text) for fold in match[0].casefold()]
    return Letters(text, "".join(fold for fold, _ in pairs), tuple(place for _, place in pairs))


def anchor_of(folded: str) -> str:
    """The first ten hexadecimal digits of the SHA-256 of folded letters."""
    return sha256(folded.encode())[:ANCHOR_DIGITS]


def find_anchor(anchor: str, length: int, letters: Letters, *, after: int) -> Iterator[int]:
    """Yield where `length` letters that hash to `anchor` begin and end with words: from letter `after` on, then before it."""
    last = len(letters.folded) - length
    for at in (*range(after, last + 1), *range(min(after, last + 1))):
        end = at + length
        whole = letters.starts_word(at) and (end == len(letters.folded) or letters.starts_word(end))
        if whole and anchor_of(letters.folded[at:end]) == anchor:
            yield at
