"""What the readings of a report say together: the newest of each person, and their verdict on the words of a finding."""

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal, TypeVar

from pipeline.annotate.records import Marked, Reading
from pipeline.errors import OffsetError
from pipeline.report import check_interval, sha256

Standing = Literal["agreed", "disputed", "rejected", "unread"]
Value = TypeVar("Value", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the words of an interval are a finding, by those who read them (`readings`, oldest first).

    `marked` is what they agree on, `by` the names of those who marked it. Words that nobody read are "unread".
    """

    standing: Standing
    marked: Marked | None = None
    by: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()


def moment(when: str) -> datetime:
    """The time of a reading in UTC; raise ValueError when it is none."""
    time = datetime.fromisoformat(when)
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def reading_id(reading: Reading) -> str:
    """Sixteen hexadecimal digits that follow from the text, who read it and when, and what that person said."""
    part = reading.part
    said = [part.text_sha256, part.start, part.end, reading.annotator, moment(reading.when).isoformat(),
            [asdict(m) for m in reading.marked], reading.fully_read, reading.is_final, reading.comment]  # fmt: skip
    return sha256(json.dumps(said).encode())[:16]


def reading_fault(reading: Reading, text: str) -> str | None:
    """Why a reading cannot be of `text`, or None when it can."""
    part = reading.part
    if not reading.annotator.strip():
        return "nobody is named who read it"
    try:
        moment(reading.when)
        check_interval(part.start, part.end, within=len(text), what="part")
        for marked in reading.marked:
            marked.check(part)
    except (ValueError, OffsetError) as error:
        return str(error)
    places = [(m.start, m.end) for m in reading.marked]
    twice = [place for place in places if places.count(place) > 1]
    if twice:
        return f"two findings on the same words [{twice[0][0]}, {twice[0][1]})"
    bare = [m for m in reading.marked if not m.categories]
    return f"a finding without a category at [{bare[0].start}, {bare[0].end})" if bare else None


def in_order(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """Oldest first; of those of one moment the final ones last."""
    return tuple(sorted(readings, key=lambda r: (moment(r.when), r.is_final, reading_id(r))))


def newest(readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """The newest reading of each part by each person, oldest first: what these people say now."""
    return in_order({(r.part.start, r.part.end, r.annotator): r for r in in_order(readings)}.values())


def verdict(start: int, end: int, readings: Sequence[Reading]) -> Verdict:
    """What `readings`, as `newest` gives them, say of text[start:end].

    Who did not read the whole part has a say only on what they marked. More than half must mark these very words, and more than half
    of those agree on the assertion and on each category; a half, or no such agreement, makes it disputed.
    """
    voters = _voters(start, end, readings)
    marks = [(r.annotator, m) for r in voters if (m := _mark(r, start, end))]
    if 2 * len(marks) < len(voters):
        return Verdict("rejected", readings=voters)
    if not voters:
        return Verdict("unread")
    agreed = _agreed([m for _, m in marks]) if 2 * len(marks) > len(voters) else None
    if agreed is None:
        return Verdict("disputed", readings=voters)
    return Verdict("agreed", agreed, tuple(sorted(name for name, _ in marks)), voters)


def _mark(reading: Reading, start: int, end: int) -> Marked | None:
    return next((m for m in reading.marked if (m.start, m.end) == (start, end)), None)


def _voters(start: int, end: int, readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """The newest reading of each person who has a say on these words; only the newest final one where there is one."""
    heard = [r for r in readings if r.part.start <= start and end <= r.part.end]
    heard = [r for r in heard if r.fully_read or _mark(r, start, end)]
    final = [r for r in heard if r.is_final]
    last = {r.annotator: r for r in heard}
    return tuple(final[-1:]) or tuple(r for r in heard if last[r.annotator] is r)


def _agreed(marks: Sequence[Marked]) -> Marked | None:
    """What more than half of `marks` have; None without an assertion or a category, or where half have a category and half do not."""
    count = Counter(c for m in marks for c in dict.fromkeys(m.categories))
    assertions = _majority(((m.assertion,) for m in marks), len(marks))
    categories = _majority((m.categories for m in marks), len(marks))
    if not assertions or not categories or any(2 * n == len(marks) for n in count.values()):
        return None
    actors = tuple(sorted(_majority((m.actors for m in marks), len(marks))))
    return Marked(marks[0].start, marks[0].end, assertions[0], categories, actors)


def _majority(given: Iterable[tuple[Value, ...]], count: int) -> tuple[Value, ...]:
    """What more than half of `count` people give, what most give first."""
    votes = Counter(value for values in given for value in dict.fromkeys(values))
    return tuple(value for value, number in votes.most_common() if 2 * number > count)
