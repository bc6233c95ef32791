"""Cut a report into parts short enough for one task: at its headings where they allow it, else between sentences."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.extract.sections import find_sections
from pipeline.report import Passage

MOST_WORDS = 1500
BEGINNING = re.compile(r"(?<!\S)\S")
Interval = tuple[int, int]


def cut(text: str, passages: Sequence[Passage], *, most_words: int = MOST_WORDS) -> tuple[Interval, ...]:
    """Intervals that lie end to end and cover the text, each of at most `most_words` where sentences allow it.

    Neighbouring sections share a part while they fit. A section that is longer is cut between `passages`, into parts of like length.
    """
    parts: list[Interval] = []
    for start, end in _sections(text, passages):
        if parts and _words(text, parts[-1][0], end) <= most_words:
            parts[-1] = (parts[-1][0], end)
        else:
            parts += _shortened(text, start, end, passages, most_words)
    return tuple(parts)


def cut_around(text: str, passages: Sequence[Passage], fixed: Sequence[Interval]) -> tuple[Interval, ...]:
    """As `cut`, but with the parts `fixed` as they are: only what they leave of the text is cut."""
    fresh = cut(text, passages)
    if set(fixed) <= set(fresh):
        return fresh
    parts, here = [], 0
    for start, end in [*sorted(set(fixed)), (len(text), len(text))]:
        if start < here or end < start or end > len(text):
            continue  # overlaps one before it, or is of another text
        parts += _shortened(text, here, start, passages, MOST_WORDS) if here < start else []
        parts += [(start, end)] if start < end else []
        here = end
    return tuple(parts)


def _sections(text: str, passages: Sequence[Passage]) -> Iterator[Interval]:
    """Whole sections, each from the line of its heading on; a heading in a passage begins none, so that no passage is cut."""
    headings = {text.rfind("\n", 0, _heading_end(text, s.start)) + 1 for s in find_sections(text)}
    starts = sorted({0, *(at for at in headings if not any(p.start < at < p.end for p in passages))})
    yield from pairwise([*starts, len(text)])


def _heading_end(text: str, start: int) -> int:
    """The last character of the heading that stands before a section."""
    return len(text[:start].rstrip())


def _shortened(text: str, start: int, end: int, passages: Sequence[Passage], most: int) -> list[Interval]:
    total = _words(text, start, end)
    wanted = total / -(-total // most) if total else 1
    cuts, here, since = [start], start, 0
    for at in [*(p.start for p in passages if start < p.start < end), end]:
        words = _words(text, here, at)
        if (since and since + words > most) or (words and since >= wanted):
            cuts.append(here)
            since = 0
        here, since = at, since + words
    return [pair for pair in pairwise([*dict.fromkeys(cuts), end]) if pair[0] < pair[1]]


def _words(text: str, start: int, end: int) -> int:
    """How many words begin there, so that the counts of neighbours add up where a passage begins inside a word."""
    return sum(1 for _ in BEGINNING.finditer(text, start, end))
