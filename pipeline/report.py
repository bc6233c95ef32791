"""The record that flows: a report, its passages, and the findings in them.

All intervals are half-open, in Unicode code points of `Report.text`, which never changes after ingest.
"""

import hashlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from pipeline.errors import OffsetError

Assertion = Literal["failing", "alleged", "recommendation", "remedied"]
ASSERTIONS: tuple[Assertion, ...] = get_args(Assertion)
Role = Literal["responsible", "addressee", "mentioned"]
SpeakerKind = Literal["coroner", "jury", "panel", "family", "witness", "service", "expert", "other"]

METADATA_FIELDS = ("title", "date", "area", "receiver", "url", "coroner", "category")


def check_interval(start: int, end: int, *, within: int, what: str) -> None:
    """Raise OffsetError unless 0 <= start < end <= within."""
    if not 0 <= start < end <= within:
        raise OffsetError(f"{what} [{start}, {end}) does not fit a text of {within} characters")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a paginated source and the interval of the text that came from it.

    `boxes` holds four floats a code point of [start, end): x0, y0, x1, y1 in PDF points from the page's top left corner;
    NaN for a character that ingest put in (a space at a line end). Empty when the source has no layout.
    """

    number: int
    start: int
    end: int
    width: float
    height: float
    boxes: "array[float]" = field(default_factory=lambda: array("f"), compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.boxes and len(self.boxes) != 4 * (self.end - self.start):
            raise OffsetError(
                f"page {self.number} has {len(self.boxes)} box numbers for {self.end - self.start} characters"
            )


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in PDF points from the page's top left corner."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Report:
    """One document as read: its text, where it came from, and its pages.

    `source` is the path as given; a member of an archive adds `/member`, a row of a table adds `#row id`.
    `source_sha256` is over the file's bytes, or over the row's values. `metadata` keys are METADATA_FIELDS.
    """

    text: str
    source: str
    source_sha256: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[Page, ...] = ()

    def __post_init__(self) -> None:
        unknown = set(self.metadata) - set(METADATA_FIELDS)
        if unknown:
            raise ValueError(f"{self.source}: unknown metadata {sorted(unknown)}; known: {', '.join(METADATA_FIELDS)}")
        object.__setattr__(self, "metadata", dict(self.metadata))
        for page in self.pages:
            if not 0 <= page.start <= page.end <= len(self.text):
                raise OffsetError(f"{self.source}: page {page.number} does not fit the text")

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text in UTF-8, as hexadecimal digits."""
        return sha256(self.text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report under one heading; `name` is a key of `sections.toml`, [start, end) leaves the heading out."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence or list item, the unit that is classified."""

    start: int
    end: int
    section: str | None = None


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """A category and the calibrated probability that the passage is about it."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Actor:
    """Words that name an organisation, service or role, and the agency that they stand for.

    `agency` is the canonical name where one is known, `agency_type` a key of `agencies.toml`. `resolved` marks words
    such as "the Trust" whose agency was named elsewhere in the report.
    """

    start: int
    end: int
    text: str
    agency: str | None
    agency_type: str
    role: Role = "responsible"
    resolved: bool = False


@dataclass(frozen=True, slots=True)
class Speaker:
    """The words that say whose claim a passage is; without one it is the report's author who says it."""

    start: int
    end: int
    text: str
    kind: SpeakerKind


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a report says of itself: `field` is a key of `facts.toml`, `value` is normalised (dates as 2026-11-26).

    [start, end) are the words that it was read from; None where it came from a table's column or the source's name.
    """

    field: str
    value: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A call for action: whom it addresses, by when, and the findings that it answers, by their start in the text.

    `addressees` may stand outside [start, end): in a lead-in, a heading or the form's "sent to". `deadline` is a date or a
    period ("56 days") with the words that it was read from.
    """

    start: int
    end: int
    quote: str
    addressees: tuple[Actor, ...] = ()
    deadline: Fact | None = None
    answers: tuple[int, ...] = ()
    concern: str | None = None

    def check(self, text: str) -> None:
        """Raise OffsetError unless the quote and every addressee are exactly the words at their offsets in `text`."""
        _check_words(text, "recommendation", self.start, self.end, self.quote)
        for actor in self.addressees:
            _check_words(text, "addressee", actor.start, actor.end, actor.text)


@dataclass(frozen=True, slots=True)
class Finding:
    """A passage that says what went wrong or what should change. Scores are probabilities, highest category first.

    `actors` are those to whom the lapse or the call for change is attributed, `mentioned` the others that the passage names.
    `concern` is the number of the item that the passage belongs to ("4(b)"); equal numbers in a section form a group.
    `link` opens the report on the web at the passage. `reviewed_by` names the people who marked it; None while only the model says so.
    """

    start: int
    end: int
    quote: str
    section: str | None
    assertion: Assertion
    assertion_score: float
    categories: tuple[CategoryScore, ...]
    actors: tuple[Actor, ...] = ()
    boxes: tuple[Box, ...] = ()
    page: int | None = None
    needs_review: bool = False
    mentioned: tuple[Actor, ...] = ()
    speaker: Speaker | None = None
    concern: str | None = None
    link: str | None = None
    reviewed_by: str | None = None

    def check(self, text: str) -> None:
        """Raise OffsetError unless the quote and everybody named are exactly the words at their offsets in `text`."""
        _check_words(text, "finding", self.start, self.end, self.quote)
        for actor in (*self.actors, *self.mentioned):
            _check_words(text, "actor", actor.start, actor.end, actor.text)
        if self.speaker:
            _check_words(text, "speaker", self.speaker.start, self.speaker.end, self.speaker.text)


def _check_words(text: str, what: str, start: int, end: int, words: str) -> None:
    check_interval(start, end, within=len(text), what=what)
    if text[start:end] != words:
        raise OffsetError(f"{what} [{start}, {end}) reads {text[start:end][:60]!r}, not {words[:60]!r}")


@dataclass(frozen=True, slots=True)
class Analysed:
    """A report with everything that was found in it."""

    report: Report
    passages: tuple[Passage, ...]
    findings: tuple[Finding, ...]
    facts: tuple[Fact, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()

    def check(self) -> None:
        """Raise OffsetError unless every quote is exactly the words at its offsets."""
        for finding in self.findings:
            finding.check(self.report.text)
        for call in self.recommendations:
            call.check(self.report.text)
        for fact in self.facts:
            if fact.start is not None and fact.end is not None:
                check_interval(fact.start, fact.end, within=len(self.report.text), what=f"fact {fact.field}")


def sha256(data: bytes) -> str:
    """SHA-256 of `data` as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
