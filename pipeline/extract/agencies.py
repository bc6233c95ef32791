"""Finds the organisations, services and roles to which a passage attributes a lapse or a recommendation."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.extract.attribution import Selector, describe, load_selector
from pipeline.extract.lexicon import LEXICON_PATH, Lexicon, load_lexicon
from pipeline.extract.mentions import Entry, Mention, MentionFinder, Tokens, tokenise
from pipeline.report import Actor

DEFINITION = re.compile(
    r"""\(\s* (?: ["'‘“]?(?:[Tt]he\s)?([A-Z][A-Za-z&]{0,8}[A-Z])["'’”]?   # (NTA), ("the NTA")
               | ["'‘“]?[Tt]he\s["'‘“]?([A-Z][a-z]+)["'’”]? ) \s*\)       # ("the Trust")
    """,
    re.VERBOSE,
)
LONGEST_DEFINED = 110


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom a passage names, and what the choice of actors goes by."""

    actor: Actor
    features: set[str]


@dataclass(frozen=True, slots=True)
class AgencyTagger:
    """A compiled lexicon and the weights of the choice; made once a worker by `load_tagger`."""

    finder: MentionFinder
    selector: Selector

    def actors(self, text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[Actor, ...]]:
        """For each of `spans`, passages of the one report `text`, its actors in order, apart, each named once."""
        chosen, threshold = self.selector.probability, self.selector.threshold
        return [
            tuple(c.actor for c in candidates if chosen(c.features) >= threshold)
            for candidates in self.candidates(text, spans)
        ]

    def candidates(self, text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[Candidate, ...]]:
        """Everybody whom each of `spans` names; a later mention in the same words counts towards the first."""
        passages = [tokenise(text, start, end) for start, end in spans]
        known = self._definitions(text)
        found = self.finder.find(passages, known)
        return [tuple(self._once(text, p, mentions)) for p, mentions in zip(passages, found, strict=True)]

    def _once(self, text: str, passage: Tokens, mentions: Sequence[Mention]) -> Iterator[Candidate]:
        said: dict[str, Candidate] = {}
        for mention, features in zip(mentions, describe(passage, mentions, familiar=self.finder.familiar), strict=True):
            words = " ".join(passage.lower[mention.start : mention.end])
            if words in said:
                said[words].features.update(features)
                continue
            start, end = passage.starts[mention.start], passage.ends[mention.end - 1]
            actor = Actor(start, end, text[start:end], mention.entry.agency, mention.entry.type)
            said[words] = Candidate(actor, features)
        yield from said.values()

    def _definitions(self, text: str) -> Mapping[str, Entry]:
        """Abbreviations that the report itself puts in brackets after the name of a body."""
        names = [
            (match[1] or match[2], tokenise(text, max(0, match.start() - LONGEST_DEFINED), match.start()))
            for match in DEFINITION.finditer(text)
        ]
        found = self.finder.find([passage for _, passage in names], {})
        known: dict[str, Entry] = {}
        for (short, passage), mentions in zip(names, found, strict=True):
            if mentions and mentions[-1].end == len(passage.words) and mentions[-1].entry.kind in ("name", "body"):
                known.setdefault(short, mentions[-1].entry)
        return known


def load_tagger(*, toml_path: Path | None = None) -> AgencyTagger:
    """Read the lexicon (the packaged one unless `toml_path` names another) and the weights."""
    lexicon: Lexicon = load_lexicon(toml_path or LEXICON_PATH)
    return AgencyTagger(MentionFinder(lexicon), load_selector())
