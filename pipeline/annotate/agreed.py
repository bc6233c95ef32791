"""What the readers of a sentence say of it together: where they are not of one mind, nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.annotate.records import MarkedActor, Reading
from pipeline.classify.evaluate import falls_on, overlap
from pipeline.report import Assertion, Passage

Undecided = Literal["disputed", "unread"]


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a passage; categories most central first, `actors` those that lie in it."""

    assertion: Assertion
    categories: tuple[str, ...]
    actors: tuple[MarkedActor, ...]


def said_of(passage: Passage, reading: Reading) -> Said | None:
    """What one reading says of a passage: all marks that fall on it, the one that shares most with it first; None for nothing."""
    span = (passage.start, passage.end)
    on = [m for m in reading.marked if falls_on((m.start, m.end), span)]
    if not on:
        return None
    on.sort(key=lambda m: (-overlap((m.start, m.end), span), m.start))
    categories = tuple(dict.fromkeys(c for m in on for c in m.categories))
    actors = {a for m in on for a in m.actors if passage.start <= a.start and a.end <= passage.end}
    return Said(on[0].assertion, categories, tuple(sorted(actors)))


def agreed(passage: Passage, readings: Sequence[Reading]) -> Said | Undecided | None:
    """What the readers of a passage agree on, None for no finding; a final reading decides alone.

    More than half must agree on whether it is a finding, on its assertion, and on each of its categories; a category on which they are
    split in halves leaves it disputed. Without a mark it counts as read only by who has read all of the part.
    """
    votes = [(r, said) for r in _deciding(readings) if (said := said_of(passage, r)) or r.fully_read]
    if not votes:
        return "unread"
    found = [said for _, said in votes if said]
    if 2 * len(found) == len(votes):
        return "disputed"
    if 2 * len(found) < len(votes):
        return None
    assertion, times = Counter(s.assertion for s in found).most_common(1)[0]
    count = Counter(c for s in found for c in s.categories)
    categories = tuple(c for c in dict.fromkeys(c for s in found for c in s.categories) if 2 * count[c] > len(found))
    if 2 * times <= len(found) or not categories or any(2 * n == len(found) for n in count.values()):
        return "disputed"
    named = Counter(a for s in found for a in s.actors)
    return Said(assertion, categories, tuple(sorted(a for a, n in named.items() if 2 * n > len(found))))


def _deciding(readings: Iterable[Reading]) -> list[Reading]:
    every = list(readings)
    final = [r for r in every if r.is_final]
    return [max(final, key=lambda r: r.when)] if final else every
