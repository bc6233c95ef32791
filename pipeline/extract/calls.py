"""Finds the passages that call for action."""

from dataclasses import dataclass

from pipeline.extract.cues import Cues
from pipeline.extract.layout import lead_in
from pipeline.report import Finding, Passage

CALLING = frozenset({"action", "recommendations"})
FARTHEST = 80


@dataclass(frozen=True, slots=True)
class Call:
    """A passage that calls for action, and the finding that it is, if it is one."""

    passage: Passage
    concern: str | None
    finding: Finding | None


def is_call(text: str, passage: Passage, finding: Finding | None, cues: Cues) -> bool:
    """Whether a passage calls for action: a recommendation, or a failing or a sentence of a section of calls that holds one."""
    if cues.boilerplate.search(text, passage.start, passage.end):
        return False
    if finding and finding.assertion == "recommendation":
        return True
    if finding:
        return finding.assertion == "failing" and _holds_call(text, passage, cues)
    return passage.section in CALLING and _calls_there(text, passage, cues)


def _calls_there(text: str, passage: Passage, cues: Cues) -> bool:
    places = ((passage.start, passage.end), lead_in(text, passage.start))
    return any(cues.calls_there.search(text, *place) for place in places if place)


def _holds_call(text: str, passage: Passage, cues: Cues) -> bool:
    found = cues.calls.finditer(text, passage.start, passage.end)
    return any(not cues.indirect.search(text[max(passage.start, m.start() - FARTHEST) : m.start()]) for m in found)
