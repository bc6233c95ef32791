"""Lay side by side what several annotators said of the same passages: what agreement and disagreements are measured on."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.annotate.records import Marked, Part, Reading
from pipeline.classify.evaluate import Interval, falls_on, overlap
from pipeline.report import Assertion, Passage

PassagesOf = Callable[[str], Sequence[Passage]]


@dataclass(frozen=True, slots=True)
class Said:
    """What one annotator said of one passage; assertion None: no finding.

    Where several marks fall on the passage, it has the categories and actors of all of them, and the assertion of the one that
    covers most of it (of two alike, the first). `spans` are those marks; `actors` may stand outside the passage.
    """

    annotator: str
    assertion: Assertion | None = None
    categories: tuple[str, ...] = ()
    spans: tuple[Interval, ...] = ()
    actors: tuple[Interval, ...] = ()

    @property
    def is_finding(self) -> bool:
        """Whether the annotator calls the passage a finding."""
        return self.assertion is not None


@dataclass(frozen=True, slots=True)
class DoublyRead:
    """A part that two or more annotators read whole: one reading each, by annotator, and the passages that lie in the part.

    `said` has a row a passage, each with what every annotator said, in the order of `readings`.
    """

    part: Part
    readings: tuple[Reading, ...]
    passages: tuple[Passage, ...]
    said: tuple[tuple[Said, ...], ...]


def doubly_read(readings: Iterable[Reading], passages_of: PassagesOf) -> tuple[DoublyRead, ...]:
    """Every part that at least two annotators have read whole, in order; adjudications are left out.

    `passages_of` gives the passages of a text by its SHA-256; it is asked once a text. Of several readings of a part by one annotator
    the latest counts.
    """
    texts: dict[str, Sequence[Passage]] = {}
    found = []
    for part, by_annotator in sorted(_latest(readings).items()):
        if len(by_annotator) >= 2:
            if part.text_sha256 not in texts:
                texts[part.text_sha256] = passages_of(part.text_sha256)
            found.append(_lay_out(part, by_annotator, texts[part.text_sha256]))
    return tuple(found)


def _latest(readings: Iterable[Reading]) -> Mapping[Part, dict[str, Reading]]:
    latest: defaultdict[Part, dict[str, Reading]] = defaultdict(dict)
    for reading in readings:
        if reading.fully_read and not reading.is_final:
            known = latest[reading.part].setdefault(reading.annotator, reading)
            latest[reading.part][reading.annotator] = max(known, reading, key=_age)
    return latest


def _age(reading: Reading) -> tuple[str, int, int]:
    return reading.when, reading.task, reading.annotation


def _lay_out(part: Part, by_annotator: Mapping[str, Reading], passages: Iterable[Passage]) -> DoublyRead:
    readings = tuple(by_annotator[annotator] for annotator in sorted(by_annotator))
    inside = tuple(p for p in passages if part.start <= p.start and p.end <= part.end)
    said = tuple(tuple(said_of(p, r.marked, annotator=r.annotator) for r in readings) for p in inside)
    return DoublyRead(part, readings, inside, said)


def said_of(passage: Passage, marked: Iterable[Marked], *, annotator: str) -> Said:
    """What the marks of one annotator say of a passage; a mark falls on it when half of either lies in the other."""
    place = (passage.start, passage.end)
    hits = sorted((m for m in marked if falls_on((m.start, m.end), place)), key=lambda m: (m.start, m.end))
    if not hits:
        return Said(annotator)
    return Said(
        annotator,
        assertion=max(hits, key=lambda m: overlap((m.start, m.end), place)).assertion,
        categories=tuple(dict.fromkeys(c for m in hits for c in m.categories)),
        spans=tuple((m.start, m.end) for m in hits),
        actors=tuple(sorted({(a.start, a.end) for m in hits for a in m.actors})),
    )
