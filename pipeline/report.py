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

    `agency` is the canonical name where one is known, `agency_type` a key of `agencies.toml`.
    """

    start: int
    end: int
    text: str
    agency: str | None
    agency_type: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A passage that says what went wrong or what should change. Scores are probabilities, highest category first."""

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

    def check(self, text: str) -> None:
        """Raise OffsetError unless the quote and every actor are exactly the words at their offsets in `text`."""
        check_interval(self.start, self.end, within=len(text), what="finding")
        for span, start, end, words in (
            ("finding", self.start, self.end, self.quote),
            *(("actor", a.start, a.end, a.text) for a in self.actors),
        ):
            if text[start:end] != words:
                raise OffsetError(f"{span} [{start}, {end}) reads {text[start:end][:60]!r}, not {words[:60]!r}")


def sha256(data: bytes) -> str:
    """SHA-256 of `data` as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
