"""The numbers, letters and bullets that Word shows before list items, which the file itself does not spell out."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)
_MAX_ROMAN = 4000
_MAX_LETTERS = 1000


class Lists:
    """The markers of list items, counted as Word does: lists of one abstract definition count on together."""

    def __init__(self, numbering: Any, styles: Any) -> None:
        abstract = _by_id(numbering, "abstractNum", "abstractNumId")
        self._nums = _by_id(numbering, "num", "numId")
        self._abstract = {key: abstract.get(_value(num, "abstractNumId")) for key, num in self._nums.items()}
        self._styles = _by_id(styles, "style", "styleId")
        self._counts: dict[Any, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()
        self._known_levels: dict[str | None, dict[int, Any]] = {}

    def marker(self, paragraph: Any) -> str:
        """Return the marker that Word shows before a paragraph, '' for none; to be asked once a paragraph, in order."""
        number, level = self._place(paragraph)
        levels = self._levels(number)
        if number is None or level not in levels:
            return ""
        counts = self._count(number, level, levels)
        if _value(levels[level], "numFmt") == "bullet":
            return "•"
        shown = {n: _ordinal(counts.get(n, _start(found)), _value(found, "numFmt")) for n, found in levels.items()}
        return re.sub(r"%(\d)", lambda m: shown.get(int(m[1]) - 1, ""), _value(levels[level], "lvlText") or "").strip()

    def _place(self, paragraph: Any) -> tuple[str | None, int]:
        """Return a paragraph's list and level, its own or those of its style."""
        number = level = None
        style_id = _value(paragraph, "pPr/pStyle")
        for properties in (paragraph.find(_W + "pPr"), *self._style_properties(style_id)):
            found = None if properties is None else properties.find(_W + "numPr")
            number = number or (None if found is None else _value(found, "numId"))
            level = level or (None if found is None else _value(found, "ilvl"))
        own = [n for n, found in self._levels(number).items() if style_id and _value(found, "pStyle") == style_id]
        return number, int(level) if level else next(iter(own), 0)

    def _style_properties(self, style_id: str | None) -> Iterator[Any]:
        seen: set[str | None] = set()
        while style_id in self._styles and style_id not in seen:
            seen.add(style_id)
            yield self._styles[style_id].find(_W + "pPr")
            style_id = _value(self._styles[style_id], "basedOn")

    def _levels(self, number: str | None) -> dict[int, Any]:
        if number not in self._known_levels:
            overrides = self._nums[number].iter(_W + "lvlOverride") if number in self._nums else ()
            sources = [s for s in (self._abstract.get(number), *overrides) if s is not None]
            found = (level for source in sources for level in source.iterchildren(_W + "lvl"))
            self._known_levels[number] = {int(level.get(_W + "ilvl", "0")): level for level in found}
        return self._known_levels[number]

    def _count(self, number: str, level: int, levels: Mapping[int, Any]) -> dict[int, int]:
        counts = self._counts.setdefault(self._abstract[number], {})
        start = _start(levels[level])
        if (number, level) not in self._begun:
            self._begun.add((number, level))
            for override in self._nums[number].iter(_W + "lvlOverride"):
                if override.get(_W + "ilvl") == str(level) and (begin := _value(override, "startOverride")):
                    counts.pop(level, None)
                    start = int(begin)
        counts[level] = counts[level] + 1 if level in counts else start
        for deeper in [n for n in counts if n > level]:
            del counts[deeper]
        return counts


def _by_id(root: Any, tag: str, attribute: str) -> dict[str | None, Any]:
    return {} if root is None else {found.get(_W + attribute): found for found in root.iter(_W + tag)}


def _value(parent: Any, path: str) -> str | None:
    """Return the `w:val` of the element at `path`."""
    found = parent.find("/".join(_W + part for part in path.split("/")))
    value = None if found is None else found.get(_W + "val")
    return None if value is None else str(value)


def _start(level: Any) -> int:
    return int(_value(level, "start") or 1)


def _ordinal(number: int, style: str | None) -> str:
    """Show a number in a Word number format; formats that are not known show as decimal."""
    if style == "none":
        return ""
    if style in {"lowerLetter", "upperLetter"} and 0 < number < _MAX_LETTERS:
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters if style == "lowerLetter" else letters.upper()
    if style in {"lowerRoman", "upperRoman"} and 0 < number < _MAX_ROMAN:
        return _roman(number) if style == "lowerRoman" else _roman(number).upper()
    return f"{number:02}" if style == "decimalZero" else str(number)


def _roman(number: int) -> str:
    letters = ""
    for value, sign in _ROMAN:
        letters += sign * (number // value)
        number %= value
    return letters
