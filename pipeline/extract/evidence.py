"""What makes a finding stand up: who is named, and where the words are, on the page and on the web."""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.extract.actor_features import Statement
from pipeline.extract.agencies import AgencyTagger
from pipeline.extract.boxes import boxes_of
from pipeline.extract.speakers import Speakers
from pipeline.extract.web_link import web_links
from pipeline.report import Finding, Page, Passage, Report


def with_actors(text: str, findings: Sequence[Finding], tagger: AgencyTagger) -> tuple[Finding, ...]:
    """Findings of one report with their actors and whom else they mention."""
    statements = [
        Statement(f.start, f.end, f.assertion, tuple(c.id for c in f.categories), f.section) for f in findings
    ]
    named = tagger.actors(text, statements)
    return tuple(replace(f, actors=n.chosen, mentioned=n.mentioned) for f, n in zip(findings, named, strict=True))


def with_speakers(text: str, findings: Sequence[Finding], speakers: Speakers) -> tuple[Finding, ...]:
    """Findings of one report with whose claim they are."""
    said = speakers.speakers(text, [(f.start, f.end) for f in findings])
    return tuple(replace(f, speaker=speaker) for f, speaker in zip(findings, said, strict=True))


def with_concerns(
    findings: Sequence[Finding], passages: Sequence[Passage], concerns: Sequence[str | None]
) -> tuple[Finding, ...]:
    """Findings with the number of the concern that they belong to; `concerns` has one a passage."""
    numbers = {p.start: number for p, number in zip(passages, concerns, strict=True)}
    return tuple(replace(f, concern=numbers.get(f.start)) for f in findings)


def with_places(report: Report, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings with their page and boxes, and the link that opens the report on the web at their words."""
    links = web_links(report.metadata.get("url", ""), report.text, [(f.start, f.end) for f in findings])
    return tuple(
        replace(f, boxes=boxes_of(report.pages, f.start, f.end), page=_page_at(report.pages, f.start), link=link)
        for f, link in zip(findings, links, strict=True)
    )


def _page_at(pages: Sequence[Page], at: int) -> int | None:
    return next((page.number for page in pages if page.start <= at < page.end), None)
