"""Finds the words that name the actor of a passage that names none: an item's lead-in, or the sentence before "They ..."."""

import re
from dataclasses import dataclass

from pipeline.extract.layout import lead_in
from pipeline.extract.segment import MARKER

FARTHEST = 1500
CALLS_FOR_ITEMS = re.compile(
    r"\b(?:not|never|fail\w*|should|must|needs?|omitted|neglected|required|recommend\w*|lack\w*|unable)\b",
    re.IGNORECASE,
)
PRONOUN = re.compile(
    r"\s*(?:(?:However|Moreover|Furthermore|In addition|Also|Nor|Further|Indeed|Thereafter|Then),?\s)?"
    r"(?:(?:They|they)\s(?:also\s)?(?:did|do|had|have|were|was|are|should|must|failed|could|would|never|took|made|gave)\b"
    r"|(?:It|it)\s(?:also\s)?(?:did not|does not|had no|has no|had not|has not|failed|should|must|never|took|gave)\b)"
)
SENTENCE_START = re.compile(r"(?:[.!?][\"'’”)]?\s+|\n\s*)(?=\S)")


@dataclass(frozen=True, slots=True)
class Source:
    """The words [start, end) that name the actor; `pronoun` when a pronoun stands for whom they begin with."""

    start: int
    end: int
    pronoun: bool


def source(text: str, start: int, end: int) -> Source | None:
    """Where the actor of passage [start, end) is named outside it, if anywhere."""
    spoken = _spoken_of(text, start, end)
    if spoken:
        return Source(*spoken, pronoun=True)
    opened = _lead_in(text, start)
    return Source(*opened, pronoun=False) if opened else None


def _lead_in(text: str, start: int) -> tuple[int, int] | None:
    """The sentence that opens the list of which the passage at `start` is an item, when its items are what somebody did not do."""
    opened = lead_in(text, start)
    if not opened or not CALLS_FOR_ITEMS.search(text, *opened):
        return None
    item = MARKER.sub("", text[start : start + 40], count=1).lstrip()
    begin, end = opened
    return (begin, begin + len(text[begin:end].rstrip(" :–-"))) if item[:1].islower() else None


def _spoken_of(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The sentence before a passage that begins with "They" or "It", in the same paragraph."""
    if not PRONOUN.match(text, start, end):
        return None
    line = text.rfind("\n", max(0, start - FARTHEST), start) + 1
    before = len(text[line:start].rstrip()) + line
    if before <= line:
        return None
    return _last_sentence(text, line, before - 1), before


def _last_sentence(text: str, start: int, end: int) -> int:
    """Where the last sentence of text[start:end] begins."""
    begins = start
    for match in SENTENCE_START.finditer(text, start, end):
        begins = match.end()
    return begins
