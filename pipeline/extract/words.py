"""The words of a passage with their places in the report's text, and the mentions among them."""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "acronym", "role", "body", "none"]
TOKEN = re.compile(r"\w+|[^\w\s\ud800-\udfff]")
PLAIN_QUOTES = str.maketrans("’‘", "''")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of one passage, quotes made plain, and where each one stands in the report's text."""

    words: list[str]
    lower: list[str]
    starts: list[int]
    ends: list[int]

    def quote(self, start: int, end: int) -> str:
        """The words [start, end) as in the text, quotes made plain and white space made one space."""
        gaps = zip(self.ends[start : end - 1], self.starts[start + 1 : end], strict=True)
        spaces = ["" if a == b else " " for a, b in gaps]
        return "".join(word + space for word, space in zip(self.words[start:end], [*spaces, ""], strict=True))


@dataclass(frozen=True, slots=True)
class Entry:
    """What a phrase stands for."""

    kind: Kind
    type: str
    agency: str | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """Tokens [start, end) that name somebody; the last phrase in it begins at token `head`."""

    start: int
    end: int
    head: int
    entry: Entry


def tokenise(text: str, start: int, end: int) -> Tokens:
    """The words and marks of text[start:end]."""
    found = [
        (m.group(), m.start() + start, m.end() + start) for m in TOKEN.finditer(text[start:end].translate(PLAIN_QUOTES))
    ]
    words = [word for word, _, _ in found]
    return Tokens(words, [word.lower() for word in words], [s for _, s, _ in found], [e for _, _, e in found])
