"""Join stand-off labels to public text: by offset where a section is the same, else sentence by sentence by its letters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal

from pipeline.corpus.letters import Letters, find_anchor, letters_of
from pipeline.corpus.public import PublicReport
from pipeline.corpus.standoff import Actor, Label, Section, Sentence, StandoffReport
from pipeline.ingest.tables import SECTIONS
from pipeline.report import sha256

How = Literal["exact", "anchor"]

BREAK = "\n\n"

NOT_PFD = "the public table holds coroners' reports only"
NO_REPORT = "the report is not in the public table"
NO_SECTION = "the public report lacks the section"
NO_WORDS = "the public text has other words there"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence is in the joined text; `letters` are those of its section, `first` the sentence's first of them."""

    start: int
    end: int
    how: How
    origin: int = 0
    letters: Letters | None = None
    first: int = 0


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A label that found no words: its section and its offsets in the section as labelled, and why."""

    report_id: str
    url: str
    section: str
    start: int
    end: int
    assertion: str
    categories: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Joined:
    """A report of the gold format, or None where no sentence has a place; labels by how they were placed, and the rest."""

    row: Mapping[str, Any] | None
    exact: int
    anchored: int
    unplaced: tuple[Unplaced, ...]


def join(report: StandoffReport, public: PublicReport | None) -> Joined:
    """Place the labels of a report in its public text."""
    if public is None:
        reason = NO_REPORT if report.kind == "pfd" else NOT_PFD
        return Joined(None, 0, 0, tuple(_unplaced(report, label, reason) for label in report.labels))
    text, origins = _text(report, public)
    places = _places(report, public, origins)
    found = [(label, place) for label in report.labels if (place := places[label.sentence])]
    lost = tuple(
        _unplaced(report, label, NO_WORDS if report.sentences[label.sentence][0].name in origins else NO_SECTION)
        for label in report.labels
        if places[label.sentence] is None
    )
    hows = [place.how for _, place in found]
    row = {
        "id": report.id,
        "kind": report.kind,
        "url": report.url,
        "date": report.date,
        "area": public.area,
        "receiver": public.receiver,
        "text": text,
        "sections": [{"name": n, "start": at, "end": at + len(public.sections[n])} for n, at in origins.items()],
        "sentences": sorted([place.start, place.end] for place in places if place),
        "labels": sorted((_label(label, place, text) for label, place in found), key=itemgetter("start")),
    }
    return Joined(row if any(places) else None, hows.count("exact"), hows.count("anchor"), lost)


def _text(report: StandoffReport, public: PublicReport) -> tuple[str, dict[str, int]]:
    """The labelled sections that the public report has, under their headings, and where each begins."""
    names = [s.name for s in report.sections if s.name in public.sections]
    parts, origins, at = [], {}, 0
    for name in names:
        parts.append(f"{SECTIONS[name]}\n{public.sections[name]}")
        origins[name] = at + len(SECTIONS[name]) + 1
        at += len(parts[-1]) + len(BREAK)
    return BREAK.join(parts), origins


def _places(report: StandoffReport, public: PublicReport, origins: Mapping[str, int]) -> list[Place | None]:
    """Where each sentence of all sections is, or None."""
    places: list[Place | None] = []
    searches = {name: Search(letters_of(public.sections[name]), origins[name]) for name in origins}
    for section in report.sections:
        places += _section_places(section, public, searches)
    for number, (section, sentence) in enumerate(report.sentences):
        if places[number] is None:
            others = (search for name, search in searches.items() if name != section.name)
            places[number] = next((p for search in others if (p := search.find(sentence))), None)
    return places


def _section_places(section: Section, public: PublicReport, searches: "Mapping[str, Search]") -> Iterator[Place | None]:
    search = searches.get(section.name)
    if search is None:
        yield from (None for _ in section.sentences)
    elif sha256(public.sections[section.name].encode()) == section.sha256:
        search.close()
        yield from (Place(search.origin + x.start, search.origin + x.end, "exact") for x in section.sentences)
    else:
        yield from (search.find(x) for x in section.sentences)


def _unplaced(report: StandoffReport, label: Label, reason: str) -> Unplaced:
    section, sentence = report.sentences[label.sentence]
    where = (section.name, sentence.start, sentence.end)
    return Unplaced(report.id, report.url, *where, label.assertion, label.categories, reason)


def _label(label: Label, place: Place, text: str) -> dict[str, Any]:
    actors = [_actor(a, place) for a in label.actors]
    return {
        "start": place.start,
        "end": place.end,
        "assertion": label.assertion,
        "categories": list(label.categories),
        "actors": [{"start": start, "end": end, "text": text[start:end]} for start, end in actors],
    }


def _actor(actor: Actor, place: Place) -> tuple[int, int]:
    if place.letters is None:
        return place.start + actor.start, place.start + actor.end
    first = place.first + actor.first
    start, end = place.letters.interval(first, first + actor.letters)
    return place.origin + start, place.origin + end


class Search:
    """Looks for sentences in a section, each in letters that no other has taken, in order as far as they are."""

    def __init__(self, letters: Letters, origin: int) -> None:
        self.letters, self.origin = letters, origin
        self._taken: list[tuple[int, int]] = []
        self._after = 0

    def close(self) -> None:
        """Take all letters."""
        self._taken = [(0, len(self.letters.folded))]

    def find(self, sentence: Sentence) -> Place | None:
        """The place of a sentence, which is taken from now on."""
        size = sentence.letters
        if not size:
            return None
        for first in find_anchor(sentence.anchor, size, self.letters, after=self._after):
            if all(first + size <= start or end <= first for start, end in self._taken):
                self._taken.append((first, first + size))
                self._after = first + size
                start, end = self.letters.passage(first, first + size)
                return Place(self.origin + start, self.origin + end, "anchor", self.origin, self.letters, first)
        return None
