"""A report's text cut at its findings, for a page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.dashboard.css import css_colour
from pipeline.show import label

Record = Mapping[str, Any]
NO_COLOUR = "#dddddd"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a report; `finding_id` and what goes with it where it is a finding's words."""

    text: str
    finding_id: str | None = None
    label: str = ""
    colour: str = ""


def pieces(text: str, records: Sequence[Record]) -> Iterator[Piece]:
    """The whole text in order; where findings share words the first has them."""
    at = 0
    for record in sorted(records, key=lambda r: (r["start"], r["end"])):
        start = max(at, record["start"])
        if start >= record["end"]:
            continue
        if at < start:
            yield Piece(text[at:start])
        yield _found(text[start : record["end"]], record)
        at = record["end"]
    if at < len(text):
        yield Piece(text[at:])


def _found(words: str, record: Record) -> Piece:
    colour = css_colour(record["categories"][0]["id"]) if record["categories"] else NO_COLOUR
    return Piece(words, record["finding_id"], label(record), colour)
