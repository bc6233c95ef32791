"""Makes the calls for action of a report: whom each addresses, by when, and which failings it answers."""

from collections.abc import Sequence

from pipeline.extract.addressing import Addressing
from pipeline.extract.agencies import AgencyTagger
from pipeline.extract.calls import Call, is_call
from pipeline.extract.cues import load_cues
from pipeline.extract.deadlines import deadline
from pipeline.report import Fact, Finding, Passage, Recommendation


def make_recommendations(
    text: str,
    passages: Sequence[Passage],
    findings: Sequence[Finding],
    concerns: Sequence[str | None],
    addressees: Sequence[Fact],
    *,
    tagger: AgencyTagger,
) -> tuple[Recommendation, ...]:
    """The calls for action of one report in text order; `concerns` has a number a passage, `addressees` are its recipients."""
    cues = load_cues()
    found = {(f.start, f.end): f for f in findings}
    calls = [
        Call(p, concern, found.get((p.start, p.end)))
        for p, concern in zip(passages, concerns, strict=True)
        if is_call(text, p, found.get((p.start, p.end)), cues)
    ]
    if not calls:
        return ()
    numbers = {(p.start, p.end): concern for p, concern in zip(passages, concerns, strict=True)}
    numbered = [Call(Passage(f.start, f.end, f.section), numbers.get((f.start, f.end)), f) for f in findings]
    whom = Addressing(text, calls, numbered, addressees, tagger, cues)
    return tuple(
        Recommendation(
            start=call.passage.start,
            end=call.passage.end,
            quote=text[call.passage.start : call.passage.end],
            addressees=whom.of(call),
            deadline=deadline(text, call.passage.start, call.passage.end),
            answers=answers(call, numbered),
            concern=call.concern,
        )
        for call in calls
    )


def answers(call: Call, findings: Sequence[Call]) -> tuple[int, ...]:
    """The starts of the failings that a call answers: of its concern, else the nearest before it on one of its categories."""
    failings = [f for f in findings if f.finding and f.finding.assertion == "failing"]
    key = (call.passage.section, call.concern)
    mates = [f.passage.start for f in failings if call.concern and (f.passage.section, f.concern) == key]
    if mates or not call.finding:
        return tuple(mates)
    about = {c.id for c in call.finding.categories}
    near = [
        f.passage.start
        for f in failings
        if f.finding and f.passage.start <= call.passage.start and about & {c.id for c in f.finding.categories}
    ]
    return tuple(near[-1:])
