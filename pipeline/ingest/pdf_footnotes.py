"""Footnotes out of the way of a sentence that goes on over the page, and the final order of lines."""

import re
from collections.abc import Sequence
from statistics import median

from pipeline.ingest.pdf_layout import Line
from pipeline.ingest.pdf_paragraphs import separators

_SMALL = 0.93  # of the usual height of a line
_NUMBER = re.compile(r"\d{1,3}")
_MARK = re.compile(r"(?:\d{1,3}|[*\u2020\u2021]+|[a-z])[.)]?\s*\S")


def in_order(pages: Sequence[Sequence[Line]]) -> list[tuple[Line, str]]:
    """Every line with what goes between it and the next; each page's lines stay together.

    Footnotes stand at the end of their page. Where the text goes on over the page they stand before its last paragraph.
    """
    notes, body = [], []
    usual = _usual_height(pages)
    for lines in pages:
        cut = _notes_start(lines, usual)
        body.append(list(lines[:cut]))
        notes.append(list(lines[cut:]))
    flat = [line for lines in body for line in lines]
    joints = [*separators(flat), ""] if flat else []
    result: list[tuple[Line, str]] = []
    at = 0
    for lines, below in zip(body, notes, strict=True):
        part = list(zip(lines, joints[at : at + len(lines)], strict=True))
        at += len(lines)
        result += _with_notes(part, below) if below else part
    if result:
        result[-1] = (result[-1][0], "")
    return result


def _usual_height(pages: Sequence[Sequence[Line]]) -> float:
    heights = [line.height for lines in pages for line in lines if len(line.text) > 30]
    return median(heights) if heights else 0.0


def _notes_start(lines: Sequence[Line], usual: float) -> int:
    """Index of the page's first footnote: the small lines at its end, from the first that has a mark."""
    start = len(lines)
    while start and lines[start - 1].height < _SMALL * usual and lines[start - 1].paragraph is None:
        start -= 1
    while start < len(lines) and not _MARK.match(lines[start].text):
        start += 1
    return start or len(lines)


def _with_notes(part: list[tuple[Line, str]], notes: list[Line]) -> list[tuple[Line, str]]:
    joints = [*separators(notes), "\n\n"]
    last = 0
    for i, line in enumerate(notes):
        number = _NUMBER.match(line.text)
        if number and i and int(number[0]) == last + 1:
            joints[i - 1] = "\n"
        last = int(number[0]) if number and (not i or int(number[0]) == last + 1) else last
    inside = list(zip(notes, joints, strict=True))
    place = len(part)
    if not part[-1][1].startswith("\n"):
        place = next((i for i in range(len(part) - 1, 0, -1) if part[i - 1][1].startswith("\n")), len(part))
    before, after = part[:place], part[place:]
    before[-1] = (before[-1][0], "\n\n")
    return [*before, *inside, *after]
