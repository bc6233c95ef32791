"""Makes the calls for action of a report: whom each addresses, by when, and which failings it answers."""

from bisect import bisect_right
from collections import defaultdict
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
    mending = Answers(numbered)
    whom = Addressing(text, calls, numbered, addressees, tagger, cues)
    return tuple(
        Recommendation(
            start=call.passage.start,
            end=call.passage.end,
            quote=text[call.passage.start : call.passage.end],
            addressees=whom.of(call),
            deadline=deadline(text, call.passage.start, call.passage.end),
            answers=mending.of(call),
            concern=call.concern,
        )
        for call in calls
    )


class Answers:
    """The failings of one report, by concern and by category, for its calls to answer; findings come in text order."""

    def __init__(self, findings: Sequence[Call]) -> None:
        self._of_concern: defaultdict[tuple[str | None, str | None], list[int]] = defaultdict(list)
        self._about: defaultdict[str, list[int]] = defaultdict(list)
        for failing in findings:
            if failing.finding and failing.finding.assertion == "failing":
                self._of_concern[failing.passage.section, failing.concern].append(failing.passage.start)
                for category in failing.finding.categories:
                    self._about[category.id].append(failing.passage.start)

    def of(self, call: Call) -> tuple[int, ...]:
        """The starts of the failings that a call answers: of its concern, else the nearest before it on one of its categories."""
        mates = self._of_concern.get((call.passage.section, call.concern), []) if call.concern else []
        if mates or not call.finding:
            return tuple(mates)
        lists = [self._about.get(category.id, []) for category in call.finding.categories]
        near = [starts[at - 1] for starts in lists if (at := bisect_right(starts, call.passage.start))]
        return (max(near),) if near else ()
