"""From readings to findings: what stands of a model's findings once people have read the report, and what no longer does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.annotate.records import Marked, Reading
from pipeline.annotate.verdicts import Verdict, in_order, moment, newest, verdict
from pipeline.report import Actor, CategoryScore, Finding

Change = Literal["confirmed", "relabelled", "moved", "removed", "disputed"]
Place = tuple[int, int]
Fate = tuple[Change, Reading]
OTHER = "other"
SURE = 1.0


@dataclass(frozen=True, slots=True)
class Superseded:
    """A finding as the model, or the person in `reviewed_by`, had it, and which reading decided that it does not stand like that.

    confirmed: people say the same, so that their word has taken its place; relabelled: the same words stand with another assertion,
    other categories or actors; moved: a reviewed finding on other words stands where it was; removed: nothing does; disputed: as many
    say so as not, so that the model's finding stands and needs review.
    """

    finding: Finding
    change: Change
    reading: Reading


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The findings that stand, in text order, and everything that was said and does not stand as it was said."""

    findings: tuple[Finding, ...]
    superseded: tuple[Superseded, ...]


def review(text: str, findings: Sequence[Finding], readings: Sequence[Reading]) -> Reviewed:
    """Decide a report: `findings` are all of one model's, `readings` all that people ever said of `text`.

    What stands because people marked it has `reviewed_by` and no evidence yet (`grounds.py` adds it), but for the names of actors
    that the model had too. The answer does not depend on the order of the readings.
    """
    current = newest(readings)
    places = {(f.start, f.end) for f in findings} | {(m.start, m.end) for r in readings for m in r.marked}
    verdicts = {place: verdict(*place, current) for place in sorted(places)}
    ours = {(f.start, f.end): f for f in findings}
    marked = {p: as_finding(text, v.marked, by="; ".join(v.by)) for p, v in verdicts.items() if v.marked}
    agreed = {p: _with_actors(f, ours[p], verdicts[p]) if p in ours else f for p, f in marked.items()}
    decided = {place: verdicts[place] for place in marked}
    fates = {place: _fate(place, v, decided) for place, v in verdicts.items()}
    standing = [
        replace(f, needs_review=True) if fate and fate[0] == "disputed" else f
        for f in findings
        if (fate := fates[f.start, f.end]) is None or fate[0] == "disputed"
    ]
    lost = [Superseded(f, *fate) for f in findings if (fate := _in_full(f, fates, agreed))]
    said = list(_said(text, readings, current, fates, marked))
    return Reviewed(
        tuple(sorted((*standing, *agreed.values()), key=lambda f: (f.start, f.end))),
        tuple(sorted((*lost, *said), key=lambda s: (s.finding.start, s.finding.end, s.finding.reviewed_by or ""))),
    )


def _fate(place: Place, mine: Verdict, agreed: Mapping[Place, Verdict]) -> Fate | None:
    """What became of a finding on these words, leaving open whether it stands as it was said; None where nobody had a say."""
    if mine.standing == "agreed":
        return "confirmed", mine.readings[-1]
    if mine.standing == "disputed":
        return "disputed", mine.readings[-1]
    over = [v.readings[-1] for p, v in agreed.items() if p[0] < place[1] and place[0] < p[1]]
    if over:
        return "moved", max(over, key=lambda r: moment(r.when))
    return ("removed", mine.readings[-1]) if mine.readings else None


def _in_full(finding: Finding, fates: Mapping[Place, Fate | None], agreed: Mapping[Place, Finding]) -> Fate | None:
    """What became of a finding, telling whether it stands as it was said."""
    place = (finding.start, finding.end)
    fate = fates[place]
    if fate and fate[0] == "confirmed" and _labels(finding) != _labels(agreed[place]):
        return "relabelled", fate[1]
    return fate


def _labels(finding: Finding) -> tuple[object, ...]:
    actors = {(a.start, a.end, a.role) for a in finding.actors}
    return finding.assertion, {c.id for c in finding.categories}, actors


def _said(
    text: str,
    readings: Sequence[Reading],
    current: Sequence[Reading],
    fates: Mapping[Place, Fate | None],
    agreed: Mapping[Place, Finding],
) -> Iterator[Superseded]:
    """What people said, now or in a reading that a newer one replaced, and does not stand as they said it; each once."""
    now = {(r.part.start, r.part.end, r.annotator): r for r in current}
    known = set()
    for reading in in_order(readings):
        for marked in reading.marked:
            finding = as_finding(text, marked, by=reading.annotator)
            change, by = _in_full(finding, fates, agreed) or (
                "removed", now[reading.part.start, reading.part.end, reading.annotator],
            )  # fmt: skip
            if change != "confirmed" and finding not in known:
                known.add(finding)
                yield Superseded(finding, change, by)


def _with_actors(finding: Finding, machine: Finding, decided: Verdict) -> Finding:
    """A finding with the model's names of the same actors, and its actors outside the part, which people could not mark."""
    named = {(a.start, a.end): a for a in (*machine.mentioned, *machine.actors)}
    actors = [replace(named[a.start, a.end], role=a.role) if (a.start, a.end) in named else a for a in finding.actors]
    low, high = min(r.part.start for r in decided.readings), max(r.part.end for r in decided.readings)
    unseen = [a for a in machine.actors if a.end <= low or a.start >= high]
    return replace(finding, actors=tuple(sorted((*actors, *unseen), key=lambda a: a.start)))


def as_finding(text: str, marked: Marked, *, by: str) -> Finding:
    """A finding as marked, with sure scores and nothing but what was marked; of actors that begin together the longest."""
    longest = {a.start: a for a in sorted(marked.actors)}
    return Finding(
        start=marked.start,
        end=marked.end,
        quote=text[marked.start : marked.end],
        section=None,
        assertion=marked.assertion,
        assertion_score=SURE,
        categories=tuple(CategoryScore(c, SURE) for c in dict.fromkeys(marked.categories)),
        actors=tuple(Actor(a.start, a.end, text[a.start : a.end], None, OTHER, a.role) for a in longest.values()),
        reviewed_by=by,
    )
