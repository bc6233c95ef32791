"""The text of a tree of HTML or of trafilatura's XML, with blocks parted by line ends."""

import re
from typing import Any

from lxml import etree

_BLANK_LINE, _LINE = 2, 1
_ITEMS = frozenset({"li", "item", "dt", "dd", "option"})
_CELLS = frozenset({"td", "th", "cell"})
_LINES = frozenset({"br", "lb"})
_BLOCKS = frozenset(
    {
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "blockquote",
        "quote",
        "pre",
        "table",
        "caption",
        "tr",
        "row",
        "ul",
        "ol",
        "dl",
        "list",
        "figure",
        "figcaption",
        "address",
        "fieldset",
        "legend",
        "form",
        "details",
        "summary",
        "hr",
        "body",
        "center",
    }
)
_SPACE = re.compile(r"[ \t\r\n\f]+")


def blocks(root: Any) -> str:
    """Return the text below `root`: list items, cells and line breaks on lines of their own, other blocks set apart."""
    if root is None:
        return ""
    text = _Text()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if event == "start":
            text.open(element.tag)
            text.add(element.text)
        else:
            text.close(element.tag)
            text.add(element.tail if element is not root else None)
    return text.joined()


class _Text:
    """Words as they come, and the gap that is due before the next of them."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._gap = 0
        self._items = 0
        self._opened_at: list[int] = []

    def open(self, tag: str) -> None:
        self._opened_at.append(len(self._parts))
        self._gap = self._gap or self._rank(tag)
        self._items += tag in _ITEMS

    def close(self, tag: str) -> None:
        """Let the outermost of the blocks that end here decide the gap, unless the block was empty."""
        self._items -= tag in _ITEMS
        had_words = len(self._parts) > self._opened_at.pop()
        if (rank := self._rank(tag)) and (had_words or not self._gap):
            self._gap = rank

    def add(self, words: str | None) -> None:
        words = _SPACE.sub(" ", words or "")
        if words.strip(" "):
            starts_line = self._gap or not self._parts
            gap = "\n" * self._gap if self._parts else ""
            self._parts.append(gap + (words.lstrip(" ") if starts_line else words))
            self._gap = 0
        elif words and not self._gap and self._parts:
            self._parts.append(" ")

    def joined(self) -> str:
        return re.sub(r" +(?=\n|$)", "", re.sub(" {2,}", " ", "".join(self._parts)))

    def _rank(self, tag: str) -> int:
        if tag in _BLOCKS:
            return _LINE if self._items else _BLANK_LINE
        return _LINE if tag in _ITEMS or tag in _CELLS or tag in _LINES else 0
