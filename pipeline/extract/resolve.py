"""Finds the body that generic words ("the Trust") stand for: the one that the report calls so, else the nearest one before."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pipeline.extract.definitions import Definitions, define
from pipeline.extract.generics import Generic, Generics
from pipeline.extract.mentions import MentionFinder
from pipeline.extract.words import Entry, tokenise
from pipeline.report import Actor

SENTENCE_END = re.compile(r"[.!?][\"'’”)]?\s|\n")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a report names a body."""

    start: int
    entry: Entry


def named_bodies(text: str, finder: MentionFinder, short: Mapping[str, Entry], cue: re.Pattern[str]) -> list[Place]:
    """Where the report names bodies, in order, in its sentences that hold the `cue`."""
    sentences = [tokenise(text, start, end) for start, end in _sentences(text) if cue.search(text, start, end)]
    return [
        Place(passage.starts[mention.start], mention.entry)
        for passage, mentions in zip(sentences, finder.find(sentences, short), strict=True)
        for mention in mentions
        if mention.entry.agency
    ]


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in SENTENCE_END.finditer(text):
        yield start, match.end()
        start = match.end()
    yield start, len(text)


def antecedent(
    text: str, word: str, generic: Generic, at: int, *, places: Sequence[Place], definitions: Definitions
) -> Entry | None:
    """The body that `word` stands for at `at`; None when there is none, or two that have equal claims."""
    defined = definitions.called.get(word, ())
    if defined:
        before = [entry for place, entry in defined if place <= at]
        return before[-1] if before else defined[0][1]
    fitting = [place for place in places if generic.fits(place.entry)]
    before_it = [place for place in fitting if place.start < at]
    if not before_it:
        return fitting[0].entry if len({place.entry.agency for place in fitting}) == 1 else None
    nearest = before_it[-1]
    rival = next((p for p in reversed(before_it) if p.entry.agency != nearest.entry.agency), None)
    if rival and not SENTENCE_END.search(text, rival.start, nearest.start):
        return None
    return nearest.entry


class ReportNames:
    """What one report calls whom; where it names bodies is looked up only when a generic word stands for one."""

    def __init__(self, text: str, finder: MentionFinder, generics: Generics) -> None:
        self.text = text
        self.definitions = define(text, finder)
        self._finder = finder
        self._generics = generics

    @cached_property
    def places(self) -> list[Place]:
        """Where the report names bodies."""
        return named_bodies(self.text, self._finder, self.definitions.short, self._generics.cue)

    def resolved(self, actor: Actor, generic: str | None) -> Actor:
        """The actor, with the body that its generic word stands for."""
        if generic is None:
            return actor
        kind = self._generics.kinds[generic]
        found = antecedent(self.text, generic, kind, actor.start, places=self.places, definitions=self.definitions)
        return replace(actor, agency=found.agency, agency_type=found.type, resolved=True) if found else actor
