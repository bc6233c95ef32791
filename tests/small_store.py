"""A store small enough to count by hand: three reports, six findings, two recommendations."""

from pathlib import Path
from typing import Any

from pipeline.report import (
    Actor,
    Analysed,
    CategoryScore,
    Fact,
    Finding,
    Passage,
    Recommendation,
    Report,
    Speaker,
    sha256,
)
from pipeline.store.connect import open_engine
from pipeline.store.writer import Versions, Writer

VERSIONS = Versions("m-1", "t-1", "0.1.0")
TRUST, POLICE = ("Exampleshire Trust", "acute_trust"), ("Exampleshire Police", "police")
FIRST = (
    "😀 <script>alert('x')</script> & more.\r\n"
    "The Trust did not tell the police.\r\n"
    "No bed was free at the Trust.\r\n"
    "The Trust should keep a list & check it <b>daily</b>.\r\n"
)
SECOND = "The police held him face down. The family say nobody rang them. The police should train all officers by May."
THIRD = "Nobody knew who was in charge."


def finding(text: str, words: str, *about: tuple[str, float], **rest: Any) -> Finding:
    """A finding on `words`, which stand in `text` once."""
    start = text.index(words)
    rest = {"assertion": "failing", "assertion_score": 0.9, **rest}
    return Finding(
        start, start + len(words), words, "concerns", categories=tuple(CategoryScore(*a) for a in about), **rest
    )


def actor(text: str, words: str, agency: tuple[str, str], role: Any = "responsible", *, after: int = 0) -> Actor:
    """Somebody whom the first `words` from `after` on name."""
    start = text.index(words, after)
    return Actor(start, start + len(words), words, *agency, role)


def first() -> Analysed:
    """Dated by its table; three findings, one of them a recommendation with an addressee and no deadline."""
    told, bed = "The Trust did not tell the police.", "No bed was free at the Trust."
    keep = "The Trust should keep a list & check it <b>daily</b>."
    at = FIRST.index(keep)
    found = (
        finding(
            FIRST, told, ("communication_gap", 0.9), ("buck_passing", 0.6),
            actors=(actor(FIRST, "The Trust", TRUST),), mentioned=(actor(FIRST, "the police", POLICE, "mentioned"),),
        ),
        finding(FIRST, bed, ("bed_shortage", 0.8), actors=(actor(FIRST, "the Trust", TRUST),)),
        finding(
            FIRST, keep, ("record_keeping", 0.55), assertion="recommendation", needs_review=True,
            actors=(actor(FIRST, "The Trust", TRUST, "addressee", after=at),),
        ),
    )  # fmt: skip
    call = Recommendation(at, at + len(keep), keep, (actor(FIRST, "The Trust", TRUST, "addressee", after=at),),
                          answers=(FIRST.index(bed),), concern="1")  # fmt: skip
    metadata = {"title": "One & <i>only</i>", "date": "2023-05-12", "area": "North", "url": "javascript:alert(1)"}
    return analysed(
        FIRST, "one.txt", found, metadata, recommendations=(call,), facts=(Fact("date", "1999-01-01", 0, 1),)
    )


def second() -> Analysed:
    """Dated by its own words; three findings, and a recommendation with a deadline."""
    train = "The police should train all officers by May."
    at = SECOND.index(train)
    said = SECOND.index("The family")
    found = (
        finding(SECOND, "The police held him face down.", ("restraint", 0.95), actors=(actor(SECOND, "The police", POLICE),)),
        finding(
            SECOND, "The family say nobody rang them.", ("communication_gap", 0.7), assertion="alleged",
            speaker=Speaker(said, said + 10, "The family", "family"), reviewed_by="ann@example.org",
        ),
        finding(
            SECOND, train, ("training", 0.9), ("restraint", 0.9), assertion="recommendation",
            actors=(actor(SECOND, "The police", POLICE, "addressee", after=at),),
        ),
    )  # fmt: skip
    call = Recommendation(at, at + len(train), train, (Actor(at, at + 10, "The police", None, "police", "addressee"),),
                          Fact("deadline", "2024-05-31", at + 36, at + 43), (0,))  # fmt: skip
    facts = (Fact("date", "2024-02-03", 0, 3), Fact("date", "2020-01-01", 4, 6), Fact("area", "South", 0, 3))
    return analysed(
        SECOND, "two.txt", found, {"title": "Two", "url": "https://example.org/2"}, recommendations=(call,), facts=facts
    )


def third() -> Analysed:
    """A report that nothing is known about, with a date that is none, and no finding."""
    return analysed(THIRD, "three.txt", (), {"date": "May 2021"})


def analysed(text: str, source: str, found: tuple[Finding, ...], metadata: dict[str, str], **rest: Any) -> Analysed:
    """A report with a passage for each finding."""
    report = Report(text, source, sha256(text.encode()), metadata)
    passages = tuple(Passage(f.start, f.end, "concerns") for f in found) or (Passage(0, len(text)),)
    return Analysed(report, passages, found, **rest)


def make_store(path: Path) -> Path:
    """Write the three reports to a new store at `path`."""
    fill_store(f"sqlite:///{path}")
    return path


def fill_store(url: str) -> None:
    """Write the three reports to the store at a URL."""
    engine = open_engine(url, create=True)
    writer = Writer(engine, VERSIONS, {})
    for report in (first(), second(), third()):
        writer.add(report)
    engine.dispose()
