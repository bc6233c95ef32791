"""Reads the number of the item, "4(b)", that each passage of a report belongs to from the list markers of the text."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.extract.markers import NAMED_ITEM, Item, markers
from pipeline.extract.sections import heading_name, load_headings
from pipeline.report import Passage

LINE = re.compile(r"[^\n\r\f\v\u2028\u2029]+")
FIRST_INSIDE = re.compile(r"[.:;–-]\s+(?=\(?1[.)]\s)")
TITLE_ENDS = re.compile(r"[^.;,?!…]$")
ENDS = re.compile(r"[.;:,?!…–-][\"'’”)\]]*$|\b(?:and|or|of|the)$")
OVERLINE = re.compile(r"\n[ \t]*\r?\n\s*\Z|\A\s*\Z")
LARGEST_SKIP, LAST_DOTTED, LONGEST_TITLE = 3, 20, 90


@dataclass(frozen=True, slots=True)
class Place:
    """From `start` the text belongs to the item at the end of `stack`; `loose` at a paragraph without a marker of its own.

    `titled` when that paragraph may be the title of what follows.
    """

    start: int
    stack: tuple[Item, ...]
    loose: bool = False
    titled: bool = False


def concern_numbers(text: str, passages: Sequence[Passage]) -> tuple[str | None, ...]:
    """The number and nesting of the numbered item that each of `passages` belongs to, None outside all items."""
    places = _without_tails(_with_titles(list(_places(text, passages))))
    starts = [place.start for place in places]
    found = (bisect_right(starts, passage.start) - 1 for passage in passages)
    return tuple(_name(places[i].stack) if i >= 0 else None for i in found)


def _name(stack: Sequence[Item]) -> str | None:
    name = ""
    for item in stack:
        absolute = item.kind == "dotted" or not name
        name = item.label if absolute else f"{name}({item.label})"
    return name or None


def _places(text: str, passages: Sequence[Passage]) -> Iterator[Place]:
    """Where the item changes, and the paragraphs under it; a heading ends all items."""
    stack: tuple[Item, ...] = ()
    before, begins = "", sorted(passage.start for passage in passages)
    for line in LINE.finditer(text):
        words = line.group().strip()
        if not words:
            continue
        start = line.start() + len(line.group()) - len(line.group().lstrip())
        parted = bool(OVERLINE.search(text, max(0, start - 20), start))
        opens = parted or bool(ENDS.search(before)) or len(before) < LONGEST_TITLE // 2
        read = _read(words, stack, opens=opens)
        if heading_name(words, load_headings()) and not NAMED_ITEM.match(words):
            stack = ()
            yield Place(start, stack)
        elif read is not None:
            stack = read
            yield Place(start, stack)
        elif parted and _is_title(words, stack):
            stack = ()
            yield Place(start, stack)
        elif parted:
            yield Place(start, stack, loose=True, titled=bool(TITLE_ENDS.search(words)) and len(words) <= LONGEST_TITLE)
        for inner in _inside(text, line, begins) if len(words) > LONGEST_TITLE else ():
            read = _read(text[inner : min(inner + LONGEST_TITLE, line.end())].strip(), stack, opens=False)
            if read is not None:
                stack = read
                yield Place(inner, stack)
        before = words


def _inside(text: str, line: re.Match[str], begins: Sequence[int]) -> list[int]:
    """Where in a line an item may begin: at a passage, or at the first item of a list that is run together."""
    first = {match.end() for match in FIRST_INSIDE.finditer(text, line.start(), line.end())}
    low, high = bisect_right(begins, line.start()), bisect_right(begins, line.end())
    return sorted(first.union(begins[low:high]))


def _with_titles(places: list[Place]) -> list[Place]:
    """Take the title of an item out of the item before it."""
    for i, (place, after) in enumerate(pairwise(places)):
        if place.titled and after.stack and not after.loose:
            places[i] = replace(place, stack=after.stack[:-1])
    return places


def _without_tails(places: list[Place]) -> list[Place]:
    """Take the paragraphs after the last item of a list out of it when no other item of the list has such paragraphs."""
    items = paragraphs = 0
    go_on = _going_on(places)
    for i, place in enumerate(places):
        if not place.stack:
            items = paragraphs = 0
        elif not place.loose:
            items += 1
        elif not go_on[i]:
            if items > 1 and not paragraphs:
                places[i] = replace(place, stack=())
        else:
            paragraphs += 1
    return places


def _going_on(places: Sequence[Place]) -> list[bool]:
    """Whether another item of the list follows each place."""
    following, result = False, []
    for place in reversed(places):
        result.append(following)
        following = following if place.loose else bool(place.stack)
    return result[::-1]


def _is_title(words: str, stack: Sequence[Item]) -> bool:
    """Whether a line of its own names what follows; inside a list only one in capitals or in title case does."""
    if len(words) > LONGEST_TITLE or ENDS.search(words) or not words[0].isupper():
        return False
    long = [word for word in words.split() if len(word) > 3]
    return not stack or words.isupper() or (len(long) > 1 and all(not word[0].islower() for word in long))


def _read(words: str, stack: tuple[Item, ...], *, opens: bool) -> tuple[Item, ...] | None:
    """The items that a line which begins with a marker belongs to; None when what it begins with is no marker here."""
    readings = markers(words)
    for item in readings:
        for depth in range(len(stack), 0, -1):
            if item.style == stack[depth - 1].style and item.follows(stack[depth - 1]):
                return (*stack[: depth - 1], item)
    for item in readings:
        for depth in range(len(stack), 0, -1):
            if item.follows(stack[depth - 1]):
                return (*stack[: depth - 1], item)
    begun = (item for item in readings if opens or item.path[-1] == 1)
    return next((placed for item in begun if (placed := _placed(item, stack))), None)


def _placed(item: Item, stack: tuple[Item, ...]) -> tuple[Item, ...] | None:
    """Where an item goes that is not the next of an open list: a new list, one that begins again or one with a gap."""
    if item.kind == "dotted":
        inside = [i for i, other in enumerate(stack) if item.path[: len(other.path)] == other.path]
        outer = stack[: inside[-1] + 1] if inside else tuple(other for other in stack if other.kind != "dotted")
        return (*outer, item) if inside or item.path[-1] <= LAST_DOTTED else None
    same = [i for i, other in enumerate(stack) if other.kind == item.kind and other.style == item.style]
    if same:
        gap = item.path[-1] - stack[same[-1]].path[-1]
        return (*stack[: same[-1]], item) if item.path[-1] == 1 or 0 < gap <= LARGEST_SKIP else None
    if item.path[-1] == 1 and item.style != "alone":
        return (*stack, item)
    return (item,) if not stack and (item.kind == "number" or item.path[-1] == 1) else None
