"""What reviewed findings stand on, as the model's own do: who is named, who says so, which concern, where on the page and the web."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from pipeline.annotate.reviewed import OTHER
from pipeline.extract.actor_features import Statement
from pipeline.extract.agencies import AgencyTagger, Named, load_tagger
from pipeline.extract.calls import Call
from pipeline.extract.concerns import concern_numbers
from pipeline.extract.evidence import with_places, with_speakers
from pipeline.extract.recommendations import Answers
from pipeline.extract.speakers import load_speakers
from pipeline.report import Actor, Analysed, Box, Finding, Passage, Recommendation

Place = tuple[int, int]


def with_grounds(analysed: Analysed, boxes: Mapping[Place, tuple[Box, ...]]) -> Analysed:
    """A report whose reviewed findings have their grounds, and whose calls for action answer what stands.

    `boxes` are those known of findings by their place; they serve where the report's pages have no layout any more.
    """
    reviewed = [f for f in analysed.findings if f.reviewed_by]
    placed = with_places(analysed.report, _with_concerns(analysed, reviewed))
    boxed = [f if f.boxes else replace(f, boxes=boxes.get((f.start, f.end), ())) for f in placed]
    said = with_speakers(analysed.report.text, boxed, load_speakers())
    known = {(f.start, f.end): f for f in _with_names(analysed.report.text, said, _tagger())}
    findings = tuple(known.get((f.start, f.end), f) for f in analysed.findings)
    return replace(analysed, findings=findings, recommendations=_answering(analysed, findings))


@cache
def _tagger() -> AgencyTagger:
    return load_tagger()


def _with_concerns(analysed: Analysed, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings with the section and the concern of the passage that they begin in, or of the one before them."""
    passages = analysed.passages
    numbers = concern_numbers(analysed.report.text, passages)
    starts = [p.start for p in passages]

    def found() -> Iterator[Finding]:
        for finding in findings:
            at = bisect_right(starts, finding.start) - 1
            if (
                at + 1 < len(passages)
                and starts[at + 1] < finding.end
                and (at < 0 or passages[at].end <= finding.start)
            ):
                at += 1  # it begins in the gap before its passage
            yield replace(finding, section=passages[at].section, concern=numbers[at]) if at >= 0 else finding

    return tuple(found())


def _with_names(text: str, findings: Sequence[Finding], tagger: AgencyTagger) -> Iterator[Finding]:
    """Findings whose actors have their agencies, with whom else they mention."""
    passages = [Statement(f.start, f.end, f.assertion, tuple(c.id for c in f.categories), f.section) for f in findings]
    actors = [Statement(a.start, a.end) for f in findings for a in f.actors]
    named = iter(tagger.actors(text, [*passages, *actors]))
    about = [next(named) for _ in findings]
    for finding, who in zip(findings, about, strict=True):
        chosen = tuple(_known(actor, next(named)) for actor in finding.actors)
        yield replace(finding, actors=chosen, mentioned=_others(finding, who, chosen))


def _known(actor: Actor, who: Named) -> Actor:
    """The actor with the agency that its words name, if it has none yet: the longest of the names in it."""
    inside = [a for a in (*who.chosen, *who.mentioned) if actor.start <= a.start and a.end <= actor.end]
    if actor.agency or actor.agency_type != OTHER or not inside:
        return actor
    best = max(inside, key=lambda a: (a.agency is not None, a.end - a.start))
    return replace(actor, agency=best.agency, agency_type=best.agency_type, resolved=best.resolved)


def _others(finding: Finding, who: Named, chosen: Sequence[Actor]) -> tuple[Actor, ...]:
    """Everybody whom the words of a finding name besides its actors."""
    inside = [a for a in (*who.chosen, *who.mentioned) if finding.start <= a.start and a.end <= finding.end]
    free = [a for a in inside if all(a.end <= c.start or c.end <= a.start for c in chosen)]
    return tuple(
        replace(a, role="mentioned") for a in sorted({a.start: a for a in free}.values(), key=lambda a: a.start)
    )


def _answering(analysed: Analysed, findings: Sequence[Finding]) -> tuple[Recommendation, ...]:
    """The report's calls with the failings that they answer among those that stand."""
    sections = {(p.start, p.end): p.section for p in analysed.passages}
    numbered = [Call(Passage(f.start, f.end, f.section), f.concern, f) for f in findings]
    own = {(f.start, f.end): f for f in findings}
    failings = Answers(numbered)

    def answering(call: Recommendation) -> Recommendation:
        place = (call.start, call.end)
        asked = Call(Passage(*place, sections.get(place)), call.concern, own.get(place))
        return replace(call, answers=tuple(dict.fromkeys(failings.of(asked))))

    return tuple(map(answering, analysed.recommendations))
