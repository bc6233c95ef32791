"""Says whom the calls for action of one report address, by their own words, those around them and who received the report."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from pipeline.extract.actor_features import Statement
from pipeline.extract.addressees import Words, as_addressees, asked, is_body, named, titled, unlisted
from pipeline.extract.agencies import AgencyTagger
from pipeline.extract.calls import Call
from pipeline.extract.cues import Cues
from pipeline.extract.layout import Interval, lead_in, prefix, titles_above
from pipeline.report import Actor, Fact

YOU = re.compile(r"\byou(?:r|rs)?\b", re.IGNORECASE)
YOUR = re.compile(r"\byour(?:\s+own)?\s+\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Around:
    """The words around a call: the sentence that opens its list, and the lines that may say whom it is for, nearest first."""

    opening: Interval | None
    titles: tuple[Interval, ...]


class Addressing:
    """Whom the calls of one report address; the words around them are read once for all of them."""

    def __init__(
        self,
        text: str,
        calls: Sequence[Call],
        findings: Sequence[Call],
        recipients: Sequence[Fact],
        tagger: AgencyTagger,
        cues: Cues,
    ) -> None:
        self._text, self._cues = text, cues
        self._around = {call.passage: _around(text, call, cues) for call in calls}
        places = {place for around in self._around.values() for place in (*around.titles, around.opening) if place}
        places |= {(call.passage.start, call.passage.end) for call in calls if not call.finding}
        spans = [(f.start, f.end) for f in recipients if f.start is not None and f.end is not None]
        self._read = _tagged(text, {*places, *spans}, tagger)
        self._recipients = _recipient_actors(text, recipients, self._read)
        self._agencies = _agencies(recipients, tagger)
        self._bodies = self._bodies_of_concerns(findings)

    def of(self, call: Call) -> tuple[Actor, ...]:
        """Whom a call addresses; nobody when only a table's column says who received the report."""
        text, cues = self._text, self._cues
        around = self._around[call.passage]
        words = self._words(call)
        directly = asked(text, words, cues) or unlisted(text, words, cues)
        if directly:
            return as_addressees(directly, resolved=False)
        if YOU.search(text, words.start, words.end):
            yours = [a for a in words.inside if YOUR.search(text, words.start, a.start)]
            return as_addressees(yours, resolved=False) or self._recipients
        opened = (*words.taken_over, *(self._opened(self._read[around.opening]) if around.opening else ()))
        under = opened or next((who for title in around.titles if (who := titled(text, self._read[title], cues))), ())
        if under:
            return as_addressees(_once(under), resolved=True)
        weakly = named(text, words, cues)
        return as_addressees(weakly, resolved=False) if weakly else self._of_concern(call) or self._recipients

    def _words(self, call: Call) -> Words:
        if call.finding:
            return Words(call.passage.start, call.passage.end, call.finding.actors, call.finding.mentioned)
        return self._read[call.passage.start, call.passage.end]

    def _opened(self, words: Words) -> tuple[Actor, ...]:
        return asked(self._text, words, self._cues) or named(self._text, words, self._cues)

    def _of_concern(self, call: Call) -> tuple[Actor, ...]:
        """The body nearest before a call that is named under its concern and, if the report says who received it, did."""
        if not call.concern:
            return ()
        key = (call.passage.section, call.concern)
        before = (a for a in reversed(self._bodies[key]) if a.end <= call.passage.start)
        return as_addressees(list(islice(before, 1)), resolved=True)

    def _bodies_of_concerns(self, findings: Sequence[Call]) -> dict[tuple[str | None, str | None], list[Actor]]:
        """The bodies named under each concern that, if the report says who received it, did."""
        bodies: defaultdict[tuple[str | None, str | None], list[Actor]] = defaultdict(list)
        for f in findings:
            for actor in f.finding.actors if f.finding else ():
                if is_body(actor, self._cues) and (not self._agencies or actor.agency in self._agencies):
                    bodies[f.passage.section, f.concern].append(actor)
        return bodies


def _around(text: str, call: Call, cues: Cues) -> Around:
    start = call.passage.start
    opening, item = lead_in(text, start), prefix(text, start)
    titles = ((item,) if item else ()) + titles_above(text, start)
    return Around(
        _bare(text, *opening, cues) if opening else None, tuple(_bare(text, *title, cues) for title in titles)
    )


def _bare(text: str, start: int, end: int, cues: Cues) -> Interval:
    """A title without "Recommendations for" and the like."""
    about = cues.titles.match(text, start, end)
    return (about.end() if about and about.end() < end else start), end


def _tagged(text: str, places: set[Interval], tagger: AgencyTagger) -> Mapping[Interval, Words]:
    ordered = sorted(places)
    found = tagger.actors(text, [Statement(start, end, "recommendation") for start, end in ordered])
    return {place: Words(*place, who.chosen, who.mentioned) for place, who in zip(ordered, found, strict=True)}


def _recipient_actors(text: str, recipients: Sequence[Fact], read: Mapping[Interval, Words]) -> tuple[Actor, ...]:
    return as_addressees(_once(list(_each_recipient(text, recipients, read))), resolved=True)


def _each_recipient(text: str, recipients: Sequence[Fact], read: Mapping[Interval, Words]) -> Iterator[Actor]:
    for fact in recipients:
        if fact.start is not None and fact.end is not None:
            inside = read[fact.start, fact.end].inside
            yield from inside or [Actor(fact.start, fact.end, text[fact.start : fact.end], None, "other")]


def _agencies(recipients: Sequence[Fact], tagger: AgencyTagger) -> frozenset[str]:
    values = "\n".join(fact.value for fact in recipients)
    found = tagger.actors(values, [Statement(0, len(values))]) if values else []
    return frozenset(a.agency for who in found for a in (*who.chosen, *who.mentioned) if a.agency)


def _once(actors: Sequence[Actor]) -> list[Actor]:
    return list({(a.agency or a.text.casefold()): a for a in reversed(actors)}.values())[::-1]
