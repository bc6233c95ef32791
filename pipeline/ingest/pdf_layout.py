"""Glyphs of a page to lines of text in reading order: spaces put back, lines found by geometry.

PDFium's own line breaks are not used: it breaks at superscripts and joins words whose space is only a gap.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.ingest.glyphs import Boxes, Flags, Glyphs, Indices, is_space, is_white
from pipeline.ingest.pdf_spaces import is_drawn, spaces_between

_MOST_RUNS = 1_000  # of a page; with more, it is a drawing, and stream order has to do
_SAME_LINE = 0.45  # of the smaller height that two neighbours on one line must share


_LABEL = re.compile(r"\(?(?:\d{1,2}|[A-Za-z]|[ivx]{1,4})[.)]?|[•●▪■◦‣∙·➢–-]")


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
    text, boxes, where = _with_spaces(glyphs, at, spaces_between(glyphs, at, breaks))
    lines = _cut(text, boxes, where, frame, breaks)
    if glyphs.paragraphs is not None:
        first = glyphs.paragraphs[at[np.concatenate(([0], np.flatnonzero(breaks) + 1))]].tolist()
        return [replace(line, page=page, paragraph=number) for line, number in zip(lines, first, strict=True)]
    return reading_order([replace(line, page=page) for line in lines])


def _line_breaks(frame: Boxes) -> Flags:
    """Whether a line ends between each glyph and the next: they do not share a height, or the next steps back."""
    a, b = frame[:-1], frame[1:]
    heights = frame[:, 3] - frame[:, 1]
    shared = np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
    apart = shared < _SAME_LINE * np.minimum(heights[:-1], heights[1:])
    back = b[:, 0] < a[:, 0] - 0.5 * np.maximum(heights[:-1], heights[1:])
    return np.asarray(apart | back)


def _with_spaces(glyphs: Glyphs, at: Indices, spaces: Flags) -> tuple[str, Boxes, Indices]:
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
    real = is_space(glyphs.codes[space]) & is_drawn(box)
    boxes[where[before[real]] - 1] = box[real]
    return codes.tobytes().decode("utf-32-le"), boxes, where


def _cut(text: str, boxes: Boxes, where: Indices, frame: Boxes, breaks: Flags) -> list[Line]:
    """Cut a page's text at `breaks`; `where` is the place in the text of each box of `frame`."""
    first = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    low, high = np.minimum.reduceat(frame, first), np.maximum.reduceat(frame, first)
    counts = np.diff(np.append(first, len(frame)))
    heights = np.add.reduceat(frame[:, 3] - frame[:, 1], first) / counts
    starts = where[first]
    ends = np.append(starts[1:], len(text))
    place = np.column_stack((low[:, 0], low[:, 1], high[:, 2], high[:, 3], heights)).tolist()
    right = frame[:, 2].tolist()
    lines = []
    for start, end, glyph, (x0, y0, x1, y1, height) in zip(
        starts.tolist(), ends.tolist(), first.tolist(), place, strict=True
    ):
        words = text[start:end]
        last = glyph + len(words.split(" ", 1)[0]) - 1
        lines.append(Line(0, words, boxes[start:end], x0, y0, x1, y1, height, right[last] - x0))
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
    if len(runs) == 1 or len(runs) > _MOST_RUNS:
        return list(lines)
    places = np.array([(min(r.x0 for r in run), run[0].y0, max(r.x1 for r in run), run[-1].y1) for run in runs])
    return [line for number in _sorted_runs(places) for line in runs[number]]


def _labels_joined(lines: Sequence[Line]) -> list[Line]:
    """Lines with a number or bullet that stands on its own, in a table's left column, put before the line it labels."""
    labels = {i: line for i, line in enumerate(lines) if len(line.text) < 6 and _LABEL.fullmatch(line.text)}
    joined: dict[int, Line] = {}
    if len(labels) * len(lines) > _MOST_RUNS**2:
        return list(lines)
    for i, label in labels.items():
        level = [
            j
            for j, line in enumerate(lines)
            if j not in labels
            and j not in joined
            and line.x0 >= label.x1
            and line.x0 - label.x1 < 8 * label.height
            and line.y0 < label.middle < line.y1
        ]
        if level:
            nearest = min(level, key=lambda j: lines[j].x0)
            joined[nearest] = _side_by_side(label, lines[nearest])
            joined[i] = joined[nearest]
    taken = {i for i in labels if i in joined}
    return [joined.get(i, line) for i, line in enumerate(lines) if i not in taken]


def _side_by_side(a: Line, b: Line) -> Line:
    boxes = np.concatenate((a.boxes, np.full((1, 4), np.nan, np.float32), b.boxes))
    return Line(
        a.page,
        f"{a.text} {b.text}",
        boxes,
        a.x0,
        min(a.y0, b.y0),
        b.x1,
        max(a.y1, b.y1),
        b.height,
        b.x0 + b.first_word - a.x0,
        b.paragraph,
    )


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
