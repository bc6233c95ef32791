"""Glyphs of a page to lines of text in reading order: spaces put back, lines found by geometry.

PDFium's own line breaks are not used: it breaks at superscripts and joins words whose space is only a gap.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]

_SPACES = [0x09, 0x20, 0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
_WHITE = np.zeros(0x3002, np.uint8)  # 1 for a space, 2 for a line break; the last stands for all codes above
_WHITE[_SPACES] = 1
_WHITE[[0x0A, 0x0D, 0x2028, 0x2029]] = 2
_SPACE_GAP = 0.12  # of the glyph's height: a wider gap between two glyphs is a space
_GUESSED = 0.06  # and so is a narrower one where PDFium guessed a space
_SQUEEZED = (0.012, 0.03)  # of the height: letters touch below the first, a squeezed space is above the second
_SAME_LINE = 0.45  # of the smaller height that two neighbours on one line must share


_LABEL = re.compile(r"\(?(?:\d{1,2}|[A-Za-z]|[ivx]{1,4})[.)]?|[•●▪■◦‣∙·➢–-]")  # noqa: RUF001 - dashes are the point


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of one page in stream order, white space included.

    `boxes` are x0, y0, x1, y1 on the page as displayed; `frame` the same turned so that most text runs left to right.
    `paragraphs` numbers the paragraph of each glyph where OCR has found them.
    """

    codes: Codes
    boxes: Boxes
    frame: Boxes
    width: float
    height: float
    frame_height: float
    paragraphs: npt.NDArray[np.int32] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: its text, a box a character (NaN for a space put in) and its place in the reading frame."""

    page: int
    text: str
    boxes: Boxes
    x0: float
    y0: float
    x1: float
    y1: float
    height: float
    first_word: float
    paragraph: int | None = None

    @property
    def middle(self) -> float:
        """Height of the line's middle on the page."""
        return (self.y0 + self.y1) / 2


def lines_of(glyphs: Glyphs, page: int) -> list[Line]:
    """Lines of one page in reading order."""
    at = np.flatnonzero(~is_white(glyphs.codes))
    if not at.size:
        return []
    frame = glyphs.frame[at]
    breaks = _line_breaks(frame)
    if glyphs.paragraphs is not None:
        breaks |= np.diff(glyphs.paragraphs[at]) != 0
    written = _written(glyphs, at)
    spaces = ~breaks & (written | _gaps(glyphs.codes[at], frame, breaks, written))
    text, boxes, where = _with_spaces(glyphs, at, spaces)
    return reading_order(_cut(glyphs, page, text, boxes, where, at, breaks))


def is_white(codes: Codes) -> Flags:
    """Which codes are spaces or line breaks."""
    return np.asarray(_WHITE[np.minimum(codes, _WHITE.size - 1)] > 0)


def _is_space(codes: Codes) -> Flags:
    return np.asarray(_WHITE[np.minimum(codes, _WHITE.size - 1)] == 1)


def _written(glyphs: Glyphs, at: npt.NDArray[np.intp]) -> Flags:
    """Where the file has a space, apart from PDFium's worse guesses and the odd space that the next glyph covers."""
    seen = np.concatenate(([0], np.cumsum(_is_space(glyphs.codes))))
    written = np.asarray(seen[at[1:]] > seen[at[:-1]])
    if glyphs.paragraphs is not None:
        return written
    gap = _gap(glyphs.frame[at])
    drawn = _is_drawn(glyphs.boxes[at[:-1] + 1])
    covered = written & drawn & (gap < 0)
    if covered.sum() * 20 > written.sum():
        covered[:] = False
    return np.asarray(written & ~covered & (drawn | (gap > _GUESSED)))


def _line_breaks(frame: Boxes) -> Flags:
    """Whether a line ends between each glyph and the next: they do not share a height, or the next steps back."""
    a, b = frame[:-1], frame[1:]
    heights = frame[:, 3] - frame[:, 1]
    shared = np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
    apart = shared < _SAME_LINE * np.minimum(heights[:-1], heights[1:])
    back = b[:, 0] < a[:, 0] - 0.5 * np.maximum(heights[:-1], heights[1:])
    return np.asarray(apart | back)


def _gap(frame: Boxes) -> Boxes:
    """Width between each glyph and the next, in heights of the next."""
    return np.asarray((frame[1:, 0] - frame[:-1, 2]) / np.maximum(frame[1:, 3] - frame[1:, 1], 0.1))


def _is_drawn(boxes: Boxes) -> Flags:
    return np.asarray((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))


def _gaps(codes: Codes, frame: Boxes, breaks: Flags, written: Flags) -> Flags:
    """Where a gap stands for a space that is not in the file; letter-spaced lines are judged by their own gaps."""
    line = np.concatenate(([0], np.cumsum(breaks)[:-1])) if breaks.size else np.zeros(0, np.intp)
    gap = _gap(frame)
    inside = ~breaks & ~written
    wide = inside & (gap > _SPACE_GAP)
    if wide.any():
        for number in np.unique(line[wide]):
            usual = float(np.median(gap[(line == number) & inside]))
            wide &= (line != number) | (gap > usual + _SPACE_GAP)
    return np.asarray(wide | _squeezed(codes, gap, inside & ~wide, line))


def _squeezed(codes: Codes, gap: Boxes, inside: Flags, line: npt.NDArray[np.intp]) -> Flags:
    """Where a space was squeezed to almost nothing: the only few gaps in a line whose letters otherwise touch."""
    found = inside & (gap > _SQUEEZED[1])
    if not found.any():
        return found
    size = int(line[-1]) + 1
    few, unsure, all_gaps = (np.bincount(line[which], minlength=size) for which in (
        found, inside & (gap > _SQUEEZED[0]) & ~found, inside))
    clear = (unsure == 0) & (few <= 3) & (few * 8 <= all_gaps)
    for i in np.flatnonzero(found & clear[line]).tolist():
        found[i] = chr(codes[i]).isalnum() and (chr(codes[i + 1]).isalnum() or chr(codes[i + 1]) in "[(")
    return np.asarray(found & clear[line])


def _with_spaces(glyphs: Glyphs, at: npt.NDArray[np.intp], spaces: Flags) -> tuple[str, Boxes, npt.NDArray[np.intp]]:
    """Text with a space where `spaces` says so, its boxes, and the place of each glyph in it."""
    where = np.arange(at.size)
    where[1:] += np.cumsum(spaces)
    size = int(where[-1]) + 1
    codes = np.full(size, 0x20, "<u4")
    codes[where] = glyphs.codes[at]
    boxes = np.full((size, 4), np.nan, np.float32)
    boxes[where] = glyphs.boxes[at]
    before = np.flatnonzero(spaces) + 1
    space = at[before - 1] + 1
    box = glyphs.boxes[space]
    real = _is_space(glyphs.codes[space]) & _is_drawn(box)
    boxes[where[before[real]] - 1] = box[real]
    return codes.tobytes().decode("utf-32-le"), boxes, where


def _cut(glyphs: Glyphs, page: int, text: str, boxes: Boxes, where: npt.NDArray[np.intp],
         at: npt.NDArray[np.intp], breaks: Flags) -> list[Line]:
    """Cut a page's text at `breaks`."""
    frame = glyphs.frame[at]
    first = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    low, high = np.minimum.reduceat(frame, first), np.maximum.reduceat(frame, first)
    counts = np.diff(np.append(first, at.size))
    heights = np.add.reduceat(frame[:, 3] - frame[:, 1], first) / counts
    starts = where[first]
    ends = np.append(starts[1:], len(text))
    place = np.column_stack((low[:, 0], low[:, 1], high[:, 2], high[:, 3], heights)).tolist()
    right = frame[:, 2].tolist()
    lines = []
    for number, (start, end, glyph, (x0, y0, x1, y1, height)) in enumerate(
            zip(starts.tolist(), ends.tolist(), first.tolist(), place, strict=True)):
        words = text[start:end]
        last = glyph + len(words.split(" ", 1)[0]) - 1
        paragraph = None if glyphs.paragraphs is None else int(glyphs.paragraphs[at[first[number]]])
        lines.append(Line(page, words, boxes[start:end], x0, y0, x1, y1, height, right[last] - x0, paragraph))
    return lines


def reading_order(lines: Sequence[Line]) -> list[Line]:
    """Stream order, mended where a run of lines comes after another that it stands above or to the left of."""
    runs: list[list[Line]] = []
    lines = _labels_joined(lines)
    for line in lines:
        if runs and _follows(runs[-1][-1], line):
            runs[-1].append(line)
        else:
            runs.append([line])
    if len(runs) == 1:
        return list(lines)
    places = np.array([(min(r.x0 for r in run), run[0].y0, max(r.x1 for r in run), run[-1].y1) for run in runs])
    return [line for number in _sorted_runs(places) for line in runs[number]]


def _labels_joined(lines: Sequence[Line]) -> list[Line]:
    """Lines with a number or bullet that stands on its own, in a table's left column, put before the line it labels."""
    labels = {i: line for i, line in enumerate(lines) if len(line.text) < 6 and _LABEL.fullmatch(line.text)}
    joined: dict[int, Line] = {}
    for i, label in labels.items():
        level = [j for j, line in enumerate(lines) if j not in labels and j not in joined and line.x0 >= label.x1
                 and line.x0 - label.x1 < 8 * label.height and line.y0 < label.middle < line.y1]
        if level:
            nearest = min(level, key=lambda j: lines[j].x0)
            joined[nearest] = _side_by_side(label, lines[nearest])
            joined[i] = joined[nearest]
    taken = {i for i in labels if i in joined}
    return [joined.get(i, line) for i, line in enumerate(lines) if i not in taken]


def _side_by_side(a: Line, b: Line) -> Line:
    boxes = np.concatenate((a.boxes, np.full((1, 4), np.nan, np.float32), b.boxes))
    return Line(a.page, f"{a.text} {b.text}", boxes, a.x0, min(a.y0, b.y0), b.x1, max(a.y1, b.y1), b.height,
                b.x0 + b.first_word - a.x0, b.paragraph)


def _follows(above: Line, below: Line) -> bool:
    return below.middle > above.middle and below.x0 < above.x1 and above.x0 < below.x1


def _sorted_runs(places: npt.NDArray[np.float64]) -> list[int]:
    """Order of runs: each after those above it or level and to its left, otherwise as they come."""
    x0, y0, x1, y1 = (places[:, i] for i in range(4))
    wide = np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)
    tall = np.minimum(y1[:, None], y1) - np.maximum(y0[:, None], y0)
    level = tall > 0.5 * np.minimum((y1 - y0)[:, None], y1 - y0)
    above = (wide > 0) & ~level & ((y0 + y1)[:, None] < y0 + y1)
    beside = (wide <= 0) & level & (x0[:, None] < x0)
    before = above | beside
    waiting = before.sum(axis=0)
    left, order = list(range(len(places))), []
    while left:
        number = next((i for i in left if not waiting[i]), left[0])
        left.remove(number)
        order.append(number)
        waiting = waiting - before[number]
    return order
