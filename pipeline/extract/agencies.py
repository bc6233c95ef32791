"""Finds the organisations, services and roles that a passage blames or addresses."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from pipeline.extract.attribution import Candidate, Selector, load_selector
from pipeline.extract.lexicon import LEXICON_PATH, Lexicon, load_lexicon
from pipeline.report import Actor

TOKEN = re.compile(r"\w+|[^\w\s]")
ACRONYM = re.compile(r"[A-Z][A-Za-z]{0,6}[A-Z]s?")
DEFINITION = re.compile(r"\(\s*[\"'‘“]?(?:the )?([A-Z][A-Za-z]{0,7}[A-Z])[\"'’”]?\s*\)")
PLAIN_QUOTES = str.maketrans("’‘", "''")
DEFINITION_WINDOW = 110
BREAK = "\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one phrase of the lexicon stands for."""

    kind: str
    type: str
    agency: str | None = None


@dataclass(slots=True)
class Mention:
    """Tokens [start, end) of a passage that name somebody; `head` is the token that its last phrase begins with."""

    start: int
    end: int
    head: int
    entry: Entry


class AgencyTagger:
    """Tags passages with actors; loaded once a worker."""

    def __init__(self, lexicon: Lexicon, selector: Selector) -> None:
        self._lexicon, self._selector = lexicon, selector
        self._vocab = Vocab()
        self._any_case = PhraseMatcher(self._vocab, attr="LOWER")
        self._as_written = PhraseMatcher(self._vocab, attr="ORTH")
        self._entries: dict[str, dict[str, Entry]] = {}
        self._titles = frozenset(title.lower() for title in lexicon.words["titles"])
        self._modifiers = frozenset(lexicon.words["modifiers"])
        self._joiners, self._not_names = lexicon.words["joiners"], lexicon.words["not_names"]
        for phrase, case, role, entry in _phrases(lexicon):
            self._add(phrase, case, role, entry)

    def actors(self, text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[Actor, ...]]:
        """The actors of each of `spans`, passages of the report `text`; offsets are of `text`."""
        return [tuple(Actor(c.start, c.end, text[c.start:c.end], c.agency, c.type)
                      for c in self._selector.choose(found)) for found in self.candidates(text, spans)]
