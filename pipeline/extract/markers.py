"""Reads the list marker that a line begins with: "4.", "(b)", "iii)", "2.1", "Concern 1:"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "dotted", "lower", "upper", "roman", "ROMAN"]

NAMED = r"(?:matters?\s+of\s+concern|concern|issue|recommendation|finding)\s+(?:no\.?\s?|number\s)?"
NAMED_ITEM = re.compile(rf"{NAMED}\d", re.IGNORECASE)
MARKER = re.compile(
    rf"(?:{NAMED}(?P<named>\d{{1,2}})(?!\d)[.):–-]*(?=\s|$)"
    r"|(?P<open>[(\[])(?P<inside>\d{1,2}(?:\.\d{1,2}){0,3}|[a-zA-Z]|[ivx]{2,6}|[IVX]{2,6})[.]?[)\]][.:]?"
    r"|(?P<dotted>\d{1,2}(?:\.\d{1,2}){1,3})(?:[.):]+(?!\d)|(?=\s+(?-i:[A-Z“\"'‘(\[])))"
    r"|(?P<bare>\d{1,2}|[a-zA-Z]|[ivx]{2,6}|[IVX]{2,6})"
    r"(?:(?P<close>\.\s?\)|[.):]+)(?:(?![\w/])|(?=[^\W\d_]{2}))|(?P<alone>[ ]*$)))",
    re.IGNORECASE,
)
ROMAN = {"i": 1, "v": 5, "x": 10}


@dataclass(frozen=True, slots=True)
class Item:
    """A list marker: `style` is how it is written, `path` its numbers ((2, 3) for "2.3"), `label` its own words."""

    kind: Kind
    style: str
    path: tuple[int, ...]
    label: str

    def follows(self, other: "Item") -> bool:
        """Whether it is the next item of the list of `other`; "(2)" follows a "(1)" that a scanner read as "(I)"."""
        alike = self.kind == other.kind or (self.kind == "number" and other.label == "I")
        return alike and self.path[:-1] == other.path[:-1] and self.path[-1] == other.path[-1] + 1


def markers(words: str) -> list[Item]:
    """What the marker at the beginning of a line may mean; nothing when there is none."""
    match = MARKER.match(words)
    return list(_readings(match)) if match else []


def _readings(match: re.Match[str]) -> Iterator[Item]:
    """What a marker may mean: "i" is the ninth letter or a Roman one."""
    label = match["named"] or match["inside"] or match["dotted"] or match["bare"]
    style = "named" if match["named"] else "()" if match["open"] else "alone" if match["alone"] is not None else ""
    style = style or (match["close"] or ".")[-1]
    if "." in label:
        yield Item("dotted", f"dotted{style}", tuple(map(int, label.split("."))), label)
    elif label.isdigit():
        if int(label):
            yield Item("number", style, (int(label),), label)
    elif style != "alone":
        if set(label.lower()) <= set(ROMAN):
            yield Item("roman" if label.islower() else "ROMAN", style, (_roman(label.lower()),), label)
        if len(label) == 1:
            yield Item("lower" if label.islower() else "upper", style, (ord(label.lower()) - ord("a") + 1,), label)


def _roman(numeral: str) -> int:
    values = [ROMAN[letter] for letter in numeral]
    return sum(-v if any(later > v for later in values[i + 1 : i + 2]) else v for i, v in enumerate(values))
