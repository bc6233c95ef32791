"""Finds the words around a passage that say whom it is for: the lead-in of its list, the title above it, its item's first words."""

import re
from functools import lru_cache

from pipeline.extract.sections import heading_name, load_headings
from pipeline.extract.segment import MARKER

FARTHEST, MOST_LINES = 6000, 200
LONGEST_TITLE = 90
OPENS_LIST = re.compile(r":[-–]?\s*$")
TITLE_ENDS = re.compile(r"[^.;,?!…]$")
ENDED = re.compile(r"[.:;?!][\"'’”)\]]*\s*$")
FOR_SOMEBODY = re.compile(r"(?:for|to)\s[^:.\n]{3,80}(?=:)", re.IGNORECASE)
SENTENCE_START = re.compile(r"[.!?][\"'’”)]?\s+(?=\S)")
Interval = tuple[int, int]


def lead_in(text: str, start: int) -> Interval | None:
    """The sentence that opens the list of which the passage at `start` is an item."""
    line = _line_start(text, start)
    if not _is_item(text, line, start):
        return None
    for begin, end in _lines_before(text, line):
        if OPENS_LIST.search(text, begin, end):
            starts = [match.end() for match in SENTENCE_START.finditer(text, begin, end)]
            return (starts[-1] if starts else begin), end
        if not MARKER.match(text, begin, end):
            return None
    return None


def titles_above(text: str, start: int) -> tuple[Interval, ...]:
    """The lines above the passage at `start` that may be titles, in the same section, nearest first."""
    found = []
    lines = _lines_before(text, _line_start(text, start))
    for (begin, end), above in zip(lines, [*lines[1:], None], strict=False):
        if _is_heading(text[begin:end]):
            break
        if _is_title(text[begin:end]) and (above is None or _is_over(text, above, begin)):
            marker = MARKER.match(text, begin, end)
            found.append((marker.end() if marker and marker.end() < end else begin, end))
    return tuple(found)


def prefix(text: str, start: int) -> Interval | None:
    """The words for somebody that begin the item of the passage at `start`: "1. For the Trust: ..."."""
    line = _line_start(text, start)
    for begin, end in ((line, _line_end(text, line)), *_lines_before(text, line)):
        marker = MARKER.match(text, begin, end)
        found = FOR_SOMEBODY.match(text, marker.end() if marker else begin, end)
        if found:
            return found.span()
        if marker or _is_heading(text[begin:end]):
            return None
    return None


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _is_item(text: str, line: int, start: int) -> bool:
    return bool(MARKER.match(text, line)) and (
        not text[line:start].strip() or text[line:start].strip() == text[line:start]
    )


def _lines_before(text: str, line: int) -> "list[Interval]":
    """The lines with words above the line that begins at `line`, nearest first, at most MOST_LINES of them."""
    floor = max(0, line - FARTHEST)
    lines: list[Interval] = []
    while line > floor and len(lines) < MOST_LINES:
        end = line - 1
        line = text.rfind("\n", floor, end) + 1
        if text[line:end].strip():
            lines.append((line, end))
    return lines


def _is_title(line: str) -> bool:
    words = line.strip()
    return len(words) <= LONGEST_TITLE and bool(TITLE_ENDS.search(words)) and not words[:1].islower()


def _is_over(text: str, above: Interval, begin: int) -> bool:
    """Whether the line `above` has ended: it is no wrapped line of the same paragraph."""
    line = text[slice(*above)]
    return "\n" in text[above[1] + 1 : begin] or bool(ENDED.search(line)) or _is_heading(line)


@lru_cache(maxsize=4096)
def _is_heading(line: str) -> bool:
    return heading_name(line, load_headings()) is not None
