"""Stand-off labels: what the gold files say of a report, without a word of the report.

A line of `annotations/gold/*.jsonl` is a report: `id, kind, url, date, sha256, sections, labels`. A section has its `name`,
its `start` and `end` in the report's text, its own `sha256`, and `sentences` as `[start, end, anchor, letters]`: offsets in
the section, the hash of the sentence's letters (see `letters.py`) and their number. A label has the number of its `sentence`,
counted over all sections, its `assertion`, `categories` and `actors` as `[start, end, first, letters]`: offsets in the sentence,
then the first letter and the number of letters. All offsets are in code points.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.corpus.letters import anchor_of, letters_of
from pipeline.errors import GoldError
from pipeline.report import ASSERTIONS, Assertion, sha256

SPLITS = ("train", "dev")
HELD_OUT = "heldout.txt"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A labelled or negative sentence: its place in its section, and the hash and number of its letters."""

    start: int
    end: int
    anchor: str
    letters: int


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its place in the report's text, its own hash, and its sentences."""

    name: str
    start: int
    end: int
    sha256: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """Words of a sentence that name an actor, by offset and by letter."""

    start: int
    end: int
    first: int
    letters: int


@dataclass(frozen=True, slots=True)
class Label:
    """What is said of one sentence, which is counted over all sections; categories most central first."""

    sentence: int
    assertion: Assertion
    categories: tuple[str, ...]
    actors: tuple[Actor, ...]


@dataclass(frozen=True, slots=True)
class StandoffReport:
    """The labels of one report, and how to know its text."""

    id: str
    kind: str
    url: str
    date: str
    sha256: str
    sections: tuple[Section, ...]
    labels: tuple[Label, ...]

    @property
    def sentences(self) -> tuple[tuple[Section, Sentence], ...]:
        """All sentences in order, each with its section; labels count them so."""
        return tuple((section, sentence) for section in self.sections for sentence in section.sentences)


def gold_folder() -> Path:
    """The folder of the stand-off labels: beside the package in an installed wheel, or in `annotations/` of a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "annotations" / "gold", package.parent / "annotations" / "gold"):
        if (folder / HELD_OUT).is_file():
            return folder
    raise GoldError(f"no labels beside {package}: reinstall failings")


def standoff_of(row: Mapping[str, Any]) -> StandoffReport:
    """Take the text out of a report of the corpus; raise GoldError when a sentence is in no section."""
    text: str = row["text"]
    sections = tuple(_section(s, text, row["sentences"]) for s in row["sections"])
    if sum(len(s.sentences) for s in sections) != len(row["sentences"]):
        raise GoldError(f"{row['id']}: a sentence is in no section, or in two")
    order = [(s.start + x.start, s.start + x.end) for s in sections for x in s.sentences]
    numbers = {interval: number for number, interval in enumerate(order)}
    labels = tuple(_label(label, text, numbers) for label in row["labels"])
    whole = sha256(text.encode())
    return StandoffReport(row["id"], row["kind"], row["url"], row["date"], whole, sections, labels)


def to_json(report: StandoffReport) -> str:
    """The line of a stand-off file."""
    row = asdict(report)
    for section in row["sections"]:
        section["sentences"] = [list(s.values()) for s in section["sentences"]]
    for label in row["labels"]:
        label["actors"] = [list(a.values()) for a in label["actors"]]
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def read_standoff(path: Path) -> Iterator[StandoffReport]:
    """Yield the reports of a stand-off file; raise GoldError naming the line of the first one that does not fit."""
    if not path.is_file():
        raise GoldError(f"no file {path}")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield _from_row(json.loads(line))
            except (KeyError, TypeError, ValueError) as error:
                raise GoldError(f"{path}, line {number}: not stand-off labels ({error})") from error


def _section(section: Mapping[str, Any], text: str, sentences: list[list[int]]) -> Section:
    start, end = section["start"], section["end"]
    inside = tuple(_sentence(a, b, start, text) for a, b in sentences if start <= a and b <= end)
    return Section(section["name"], start, end, sha256(text[start:end].encode()), inside)


def _sentence(start: int, end: int, origin: int, text: str) -> Sentence:
    folded = letters_of(text[start:end]).folded
    return Sentence(start - origin, end - origin, anchor_of(folded), len(folded))


def _label(label: Mapping[str, Any], text: str, numbers: Mapping[tuple[int, int], int]) -> Label:
    start, end = label["start"], label["end"]
    actors = tuple(_actor(a["start"], a["end"], start, text) for a in label["actors"])
    return Label(numbers[start, end], label["assertion"], tuple(label["categories"]), actors)


def _actor(start: int, end: int, origin: int, text: str) -> Actor:
    first = len(letters_of(text[origin:start]).folded)
    return Actor(start - origin, end - origin, first, len(letters_of(text[start:end]).folded))


def _from_row(row: Mapping[str, Any]) -> StandoffReport:
    sections = tuple(
        Section(**{**s, "sentences": tuple(Sentence(*x) for x in s["sentences"])}) for s in row["sections"]
    )
    labels = tuple(
        Label(x["sentence"], x["assertion"], tuple(x["categories"]), tuple(Actor(*a) for a in x["actors"]))
        for x in row["labels"]
    )
    count = sum(len(s.sentences) for s in sections)
    if stray := next((x for x in labels if not 0 <= x.sentence < count or x.assertion not in ASSERTIONS), None):
        raise ValueError(f"label {stray}")
    return StandoffReport(**{**row, "sections": sections, "labels": labels})
