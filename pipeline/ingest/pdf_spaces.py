"""Where the spaces of a page are: those that the file has, and those that it only leaves room for."""

from collections import Counter
from itertools import pairwise

import numpy as np

from pipeline.ingest.glyphs import Boxes, Codes, Flags, Glyphs, Indices, is_space

_SPACE_GAP = 0.12  # of the glyph's height: a wider gap between two glyphs is a space
_GUESSED = 0.06  # and so is a narrower one where PDFium guessed a space
_SQUEEZED = (0.012, 0.03)  # of the height: letters touch below the first, above the second a space may be squeezed
_AROUND = "[](),.;:?!\u2018\u2019\u201c\u201d\"'"
_SMALL_WORDS = {
    "a",
    "i",
    "an",
    "and",
    "as",
    "at",
    "be",
    "by",
    "for",
    "he",
    "in",
    "is",
    "it",
    "my",
    "no",
    "not",
    "of",
    "on",
    "or",
    "she",
    "so",
    "that",
    "the",
    "this",
    "to",
    "was",
    "we",
    "were",
    "with",
}


def spaces_between(glyphs: Glyphs, at: Indices, breaks: Flags) -> Flags:
    """Whether a space stands between each of the glyphs at `at` and the next; `breaks` are the line ends."""
    written = _written(glyphs, at, breaks)
    return np.asarray(~breaks & (written | _gaps(glyphs.codes[at], glyphs.frame[at], breaks, written)))


def is_drawn(boxes: Boxes) -> Flags:
    """Which boxes have a size."""
    return np.asarray((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))


def _written(glyphs: Glyphs, at: Indices, breaks: Flags) -> Flags:
    """Where the file has a space, apart from PDFium's worse guesses and the odd space that the next glyph covers."""
    seen = np.concatenate(([0], np.cumsum(is_space(glyphs.codes))))
    written = np.asarray(seen[at[1:]] > seen[at[:-1]])
    if glyphs.paragraphs is not None:
        return written
    gap = _gap(glyphs.frame[at])
    drawn = is_drawn(glyphs.boxes[at[:-1] + 1])
    covered = written & ~breaks & drawn & (gap < 0)
    if covered.sum() * 20 > written.sum():
        covered[:] = False
    return np.asarray(written & ~covered & (drawn | (gap > _GUESSED)))


def _gap(frame: Boxes) -> Boxes:
    """Width between each glyph and the next, in heights of the next."""
    return np.asarray((frame[1:, 0] - frame[:-1, 2]) / np.maximum(frame[1:, 3] - frame[1:, 1], 0.1))


def _gaps(codes: Codes, frame: Boxes, breaks: Flags, written: Flags) -> Flags:
    """Where a gap stands for a space that is not in the file; letter-spaced lines are judged by their own gaps."""
    line = np.concatenate(([0], np.cumsum(breaks)[:-1])) if breaks.size else np.zeros(0, np.intp)
    gap = _gap(frame)
    inside = ~breaks & ~written
    wide = inside & (gap > _SPACE_GAP)
    if wide.any():
        for number in np.unique(line[wide]).tolist():
            here = slice(*np.searchsorted(line, (number, number + 1)).tolist())
            usual = float(np.median(gap[here][inside[here]]))
            wide[here] &= gap[here] > usual + _SPACE_GAP
    return np.asarray(wide | _squeezed(codes, gap, inside & ~wide, line, ~inside | wide))


def _squeezed(codes: Codes, gap: Boxes, inside: Flags, line: Indices, cuts: Flags) -> Flags:
    """Where a space was squeezed to almost nothing: one of few gaps in a line, between two words."""
    found = inside & (gap > _SQUEEZED[1])
    if not found.any():
        return found
    size = int(line[-1]) + 1
    few, unsure, all_gaps = (
        np.bincount(line[which], minlength=size) for which in (found, inside & (gap > _SQUEEZED[0]) & ~found, inside)
    )
    found &= ((unsure == 0) & (few <= 3) & (few * 8 <= all_gaps))[line]
    if found.any():
        _keep_those_between_words(found, cuts, codes.astype("<u4").tobytes().decode("utf-32-le").casefold())
    return found


def _keep_those_between_words(found: Flags, cuts: Flags, text: str) -> None:
    """Unset each of `found` that is kerning: the parts are no words of the page, or the same two letters gape again."""
    places = np.flatnonzero(found).tolist()
    edges = [0, *(np.flatnonzero(cuts | found) + 1).tolist(), len(text)]
    parts = {start: text[start:end].strip(_AROUND).split("/")[0] for start, end in pairwise(edges)}
    begins = dict(zip(edges[1:], edges, strict=False))
    cut_words = {start for place in places for start in (begins[place + 1], place + 1)}
    known = {part for start, part in parts.items() if start not in cut_words} | _SMALL_WORDS
    pairs = Counter(text[place : place + 2] for place in places)
    for place in places:
        left, right = parts[begins[place + 1]], parts[place + 1]
        both = _is_word(left, known) and _is_word(right, known)
        small = pairs[text[place : place + 2]] == 1 and (
            (left in _SMALL_WORDS and len(right) > 2) or (right in _SMALL_WORDS and len(left) > 2)
        )
        found[place] = both or (small and left[-1:].isalpha() and right[:1].isalpha())


def _is_word(part: str, known: set[str]) -> bool:
    return part.isdigit() or (part in known and (len(part) > 1 or part in "ai") and part != "")
