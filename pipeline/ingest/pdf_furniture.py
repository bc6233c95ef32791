"""Page furniture: headers and footers that come back on several pages, and page numbers alone."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from pipeline.ingest.pdf_layout import Line

_BAND = 0.12  # of the page's height, at its top and at its bottom
_EDGE = 0.08
_MOST = 4  # lines of furniture at either end of a page
_NUMBER = re.compile(r"\d+")
_DASHES = "-\u2013\u2014"
_PAGE_OF = re.compile(r"\W*(?:page|p\.?|pg\.?)\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?\W*|\W*\d{1,4}\s*of\s*\d{1,4}\W*")
_BARE = re.compile(rf"[{_DASHES}|\s]*\d{{1,4}}[{_DASHES}|\s]*")
_ROMAN = re.compile(rf"[{_DASHES}\s]*(?=[ivx])x{{0,3}}(?:ix|iv|v?i{{0,3}})[{_DASHES}\s]*")


def without_furniture(pages: Sequence[list[Line]], heights: Sequence[float]) -> list[list[Line]]:
    """Leave the furniture out of the pages' lines; the rest keeps its order."""
    groups: defaultdict[tuple[bool, str], list[tuple[int, Line]]] = defaultdict(list)
    for lines, height in zip(pages, heights, strict=True):
        for top, line in _band(lines, height):
            groups[top, _NUMBER.sub("#", " ".join(line.text.split())).casefold()].append((line.page, line))
    gone: set[int] = set()
    for (_, folded), found in groups.items():
        gone.update(id(line) for line in _furniture(folded, found, heights))
    return [[line for line in lines if id(line) not in gone] for lines in pages]


def _band(lines: list[Line], height: float) -> Iterator[tuple[bool, Line]]:
    """Give the outermost lines at the top (True) and the bottom (False) of a page."""
    ranked = sorted(lines, key=lambda line: line.middle)
    for line in ranked[:_MOST]:
        if line.middle < _BAND * height:
            yield True, line
    for line in ranked[-_MOST:]:
        if line.middle > (1 - _BAND) * height:
            yield False, line


def _furniture(folded: str, found: list[tuple[int, Line]], heights: Sequence[float]) -> list[Line]:
    sample = folded.replace("#", "1")
    if _PAGE_OF.fullmatch(sample):
        return [line for _, line in found]
    number = _BARE.fullmatch(sample) or _ROMAN.fullmatch(folded)
    if not number and sum(map(str.isalpha, folded)) < 3:
        return []
    repeated = [line for group in _level_runs(found) for line in _steady(group)]
    return repeated or (_edges(found, heights) if number else [])


def _level_runs(found: list[tuple[int, Line]]) -> list[list[tuple[int, Line]]]:
    """Group lines of different pages at one height (within a line of each other)."""
    groups: list[list[tuple[int, Line]]] = []
    for page, line in sorted(found, key=lambda item: item[1].middle):
        if groups and line.middle - groups[-1][-1][1].middle < line.height:
            groups[-1].append((page, line))
        else:
            groups.append([(page, line)])
    return groups


def _steady(group: list[tuple[int, Line]]) -> list[Line]:
    """Give the group's lines where they repeat on two pages or more, their numbers the same or counting pages."""
    if len({page for page, _ in group}) < 2:
        return []
    rows = [(page, [int(n) for n in _NUMBER.findall(line.text)]) for page, line in group]
    for column in range(len(rows[0][1])):
        fixed = {numbers[column] for _, numbers in rows}
        counting = {numbers[column] - page for page, numbers in rows}
        if len(fixed) > 1 and len(counting) > 1:
            return []
    return [line for _, line in group]


def _edges(found: list[tuple[int, Line]], heights: Sequence[float]) -> list[Line]:
    """Judge a number on its own without a sequence: furniture only at the page's very edge and not beside the text."""
    return [line for page, line in found if line.middle > (1 - _EDGE) * heights[page] and line.x0 > 0.1 * heights[page]]
