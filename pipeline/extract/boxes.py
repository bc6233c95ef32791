"""From an interval of a report's text to rectangles on its pages."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.report import Box, Page

_SAME_LINE = 0.45  # of the smaller height that two neighbours on one line must share


def boxes_of(pages: Sequence[Page], start: int, end: int) -> tuple[Box, ...]:
    """One rectangle a line of text in [start, end), in the order of the text; empty where no page has a layout."""
    first = max(0, bisect_right(pages, start, key=lambda page: page.start) - 1)
    found: list[Box] = []
    for page in pages[first:]:
        if page.start >= end:
            break
        if page.boxes and page.end > start:
            found += _page_boxes(page, max(start, page.start), min(end, page.end))
    return tuple(found)


def _page_boxes(page: Page, start: int, end: int) -> Iterator[Box]:
    numbers = np.frombuffer(page.boxes, np.float32).reshape(-1, 4)[start - page.start : end - page.start]
    boxes = numbers[~np.isnan(numbers[:, 0])]
    if not len(boxes):
        return
    starts = _line_starts(boxes, across=0, down=1)
    if len(starts) > max(2, len(boxes) // 2):  # most characters alone on a line: the text runs up or down the page
        starts = min(starts, _line_starts(boxes, across=1, down=0), key=len)
    low, high = np.minimum.reduceat(boxes, starts), np.maximum.reduceat(boxes, starts)
    rounded = np.column_stack((low[:, :2], high[:, 2:])).astype(np.float64).round(2)
    for x0, y0, x1, y1 in rounded.tolist():
        yield Box(page.number, x0, y0, x1, y1)


def _line_starts(boxes: npt.NDArray[np.float32], *, across: int, down: int) -> npt.NDArray[np.intp]:
    """Give the indices of the boxes that start a line: they do not share a height with the one before, or step back."""
    a, b = boxes[:-1], boxes[1:]
    height = boxes[:, down + 2] - boxes[:, down]
    shared = np.minimum(a[:, down + 2], b[:, down + 2]) - np.maximum(a[:, down], b[:, down])
    new = shared < _SAME_LINE * np.minimum(height[:-1], height[1:])
    if across == 0:
        ahead = b[:, 0] - a[:, 0]
        forwards = -1 if len(ahead) and np.median(ahead) < 0 else 1  # backwards: right to left, or upside down
        new |= forwards * ahead < -0.5 * np.maximum(height[:-1], height[1:])
    return np.concatenate((np.zeros(1, np.intp), np.flatnonzero(new) + 1))
