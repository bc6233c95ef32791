"""What goes to annotators and comes back: parts of reports, findings as marked in them, and one person's reading of a part.

All intervals are half-open, in code points of the report's text, also where a task shows only a part of it.
"""

from dataclasses import dataclass
from typing import Literal

from pipeline.report import Assertion, check_interval

ActorRole = Literal["responsible", "addressee"]


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """The slice [start, end) of a report's text that one task shows. The parts of a report lie end to end and cover its text."""

    report_id: str
    text_sha256: str
    start: int
    end: int

    @property
    def key(self) -> str:
        """The same for the same slice of the same text of the same report, and for nothing else."""
        return f"{self.report_id}:{self.text_sha256[:16]}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True, order=True)
class MarkedActor:
    """Words that name somebody to whom a lapse or a call for change is attributed; they may stand outside the finding."""

    start: int
    end: int
    role: ActorRole


@dataclass(frozen=True, slots=True)
class Marked:
    """A finding as marked, by a person or in a prediction; `categories` most central first, `actors` in order."""

    start: int
    end: int
    assertion: Assertion
    categories: tuple[str, ...]
    actors: tuple[MarkedActor, ...] = ()

    def check(self, part: Part) -> None:
        """Raise OffsetError unless it and its actors lie in `part`."""
        for start, end in ((self.start, self.end), *((a.start, a.end) for a in self.actors)):
            check_interval(start - part.start, end - part.start, within=part.end - part.start, what="region")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one person said of one part; `marked` in text order.

    A sentence without a mark is a negative only where `fully_read`. `annotator` is the e-mail address, `when` ISO 8601 in UTC,
    `seconds` the time spent. `predicted` is what the person was shown, `model` whose prediction that was, None for other readers' marks.
    `chosen` says why the report was pushed ("random", "useful", "query", "all").
    """

    part: Part
    annotator: str
    when: str
    marked: tuple[Marked, ...]
    fully_read: bool
    comment: str = ""
    seconds: float | None = None
    predicted: tuple[Marked, ...] = ()
    model: str | None = None
    chosen: str | None = None
    task: int = 0
    annotation: int = 0
    is_final: bool = False
