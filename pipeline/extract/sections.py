"""Find the sections of a report by the lines that are headings."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline.report import Passage, Section

LONGEST_HEADING = 80
NUMBER = re.compile(
    r"\s*(?:section\s+|part\s+)?[(\[]?(?:\d{1,2}(?:\.\d{1,2})*|[A-Z]|[ivx]{1,5})[)\].:]*\s+", re.IGNORECASE
)
NOT_LETTERS = re.compile(r"[^a-z ]+")


@dataclass(frozen=True, slots=True)
class Headings:
    """Section names by normalised heading, and the sections in which nothing is to be found."""

    names: Mapping[str, str]
    unclassified: frozenset[str]


@cache
def load_headings() -> Headings:
    """Read `sections.toml`."""
    table = tomllib.loads(files("pipeline.extract").joinpath("sections.toml").read_text(encoding="utf-8"))
    names = {heading: name for name, row in table.items() for heading in row["headings"]}
    return Headings(names, frozenset(name for name, row in table.items() if not row.get("classify", True)))


def classified(passages: Iterable[Passage]) -> tuple[Passage, ...]:
    """The passages in which there is something to be found: all but those of sections that `sections.toml` leaves out."""
    silent = load_headings().unclassified
    return tuple(p for p in passages if p.section not in silent)


def heading_name(line: str, headings: Headings) -> str | None:
    """The section that a line opens, or None when the line is not a heading."""
    line = line.strip().strip("#*_ ")
    if not line or len(line) > LONGEST_HEADING:
        return None
    return headings.names.get(_normalised(line)) or headings.names.get(_normalised(NUMBER.sub("", line, count=1)))


def _normalised(line: str) -> str:
    return " ".join(NOT_LETTERS.sub("", line.casefold()).split())


def find_sections(text: str) -> tuple[Section, ...]:
    """Sections in order; each runs from the end of its heading to the start of the next one or the end of the text."""
    headings = load_headings()
    starts = [(m, name) for m in re.finditer(r"[^\n]+", text) if (name := heading_name(m.group(), headings))]
    ends = [*(m.start() for m, _ in starts), len(text)][1:]
    return tuple(Section(name, m.end(), end) for (m, name), end in zip(starts, ends, strict=True) if m.end() < end)
