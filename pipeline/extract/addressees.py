"""Chooses whom a call for action addresses: by the words beside somebody, the lead-in of a list, a title, the concern."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from pipeline.extract.cues import Cues
from pipeline.report import Actor

Standing = Literal["asked", "served", "aside", "named"]
WINDOW = 120
NAME = re.compile(r"\b[A-Z][\w&’'-]+(?:\s+(?:(?:of|and|for|the)\s+)?[A-Z][\w&’'-]+){1,9}")
JOINING = frozenset(["and", "or", "/", "&", ",", "the", "both", "together", "with", "as", "well", "also"])


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence [start, end) of a report, or another piece of it, and whom it names; `actors` those to whom it attributes something."""

    start: int
    end: int
    actors: tuple[Actor, ...] = ()
    mentioned: tuple[Actor, ...] = ()

    @property
    def inside(self) -> list[Actor]:
        """Everybody whom the words themselves name, in order."""
        everybody = {a.start: a for a in (*self.mentioned, *self.actors)}
        return [a for _, a in sorted(everybody.items()) if self.start <= a.start and a.end <= self.end]

    @property
    def taken_over(self) -> tuple[Actor, ...]:
        """Actors whose words stand elsewhere."""
        return tuple(a for a in self.actors if not (self.start <= a.start and a.end <= self.end))


def asked(text: str, words: Words, cues: Cues) -> tuple[Actor, ...]:
    """Those whom the words beside them ask to act."""
    return tuple(a for a, standing in standings(text, words, cues) if standing == "asked")


def named(text: str, words: Words, cues: Cues) -> tuple[Actor, ...]:
    """Bodies of known name to which the words attribute something, those left out whom the action only serves."""
    own = {a.start for a in words.actors}
    found = standings(text, words, cues)
    return tuple(a for a, s in found if s == "named" and a.start in own and (a.agency or a.text != a.text.lower()))


def is_body(actor: Actor, cues: Cues) -> bool:
    """Whether words name an organisation or a part of one, as against a role."""
    return actor.agency is not None or bool(cues.bodies.search(actor.text))


def standings(text: str, words: Words, cues: Cues) -> list[tuple[Actor, Standing]]:
    """Everybody whom the words name, and how the words beside them put them; those of one list ("X and Y") stand alike."""
    return [
        (actor, standing)
        for group in _lists(text, words.inside)
        for standing in [_standing(text, words, group, cues)]
        for actor in group
    ]


def _standing(text: str, words: Words, group: Sequence[Actor], cues: Cues) -> Standing:
    first, last = group[0].start, group[-1].end
    before, after = text[max(words.start, first - WINDOW) : first], text[last : min(words.end, last + WINDOW)]
    if cues.served_after.match(after) or cues.served_before.search(before):
        return "served"
    if cues.asked_after.match(after) or cues.owner_after.match(after) or cues.asked_before.search(before):
        return "asked"
    return "aside" if cues.aside_after.match(after) or cues.aside_before.search(before) else "named"


def unlisted(text: str, words: Words, cues: Cues) -> tuple[Actor, ...]:
    """The body in capitals, known to nobody, that the words ask to act."""
    found = (m for m in NAME.finditer(text, words.start, words.end) if cues.bodies.search(m[0]))
    actors = (Actor(*m.span(), m[0], None, "other") for m in found)
    return tuple(a for a in actors if cues.asked_after.match(text[a.end : min(words.end, a.end + WINDOW)]))


def _lists(text: str, actors: Sequence[Actor]) -> Iterable[list[Actor]]:
    groups = [[actor] for actor in actors[:1]]
    for left, right in pairwise(actors):
        gap = text[left.end : right.start].replace(",", " , ").split()
        if gap and set(gap) <= JOINING and {"and", "or", "/", "&", ","} & set(gap):
            groups[-1].append(right)
        else:
            groups.append([right])
    return groups


def titled(text: str, title: Words, cues: Cues) -> tuple[Actor, ...]:
    """The bodies that a title names, when it is about nobody and nothing else."""
    bodies = [a for a in title.inside if is_body(a, cues)]
    letters = sum(c.isalpha() for c in text[title.start : title.end])
    covered = sum(c.isalpha() for a in bodies for c in a.text)
    return tuple(bodies) if bodies and covered * 2 > letters else ()


def as_addressees(actors: Iterable[Actor], *, resolved: bool) -> tuple[Actor, ...]:
    """The actors as addressees; `resolved` when they stand elsewhere than the call."""
    return tuple(replace(a, role="addressee", resolved=a.resolved or resolved) for a in actors)
