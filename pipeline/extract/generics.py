"""The words that stand for a body named elsewhere, read from `generics.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from pipeline.extract.words import Entry, Mention, Tokens

DEFINITE = frozenset("the this that said your".split())


@dataclass(frozen=True, slots=True)
class Generic:
    """What a generic word may stand for: a body of one of `types` with one of `names` in its name."""

    types: frozenset[str]
    names: frozenset[str]
    bare: bool

    def fits(self, entry: Entry) -> bool:
        """Whether it may stand for this body."""
        return entry.agency is not None and entry.type in self.types and not self.names.isdisjoint(entry.agency.split())


@dataclass(frozen=True, slots=True)
class Generics:
    """All of `generics.toml` by word in small letters; `cue` finds the sentences that may name a body they stand for."""

    kinds: Mapping[str, Generic]
    cue: re.Pattern[str]


def load_generics() -> Generics:
    """Read `generics.toml`."""
    table = tomllib.loads(files("pipeline.extract").joinpath("generics.toml").read_text(encoding="utf-8"))["generics"]
    kinds = {
        word: Generic(frozenset(row["types"]), frozenset(row["names"]), row.get("bare", False))
        for row in table
        for word in row["words"]
    }
    names = sorted({name for row in table for name in row["names"]})
    return Generics(kinds, re.compile(rf"\b(?:{'|'.join(names)})\b|[A-Z]{{2}}"))


def generic_word(passage: Tokens, mention: Mention, generics: Generics) -> str | None:
    """The generic word that a mention consists of, when it stands for one body; None otherwise."""
    word = " ".join(passage.lower[mention.start : mention.end])
    if word not in generics.kinds or mention.entry.agency:
        return None
    before = passage.lower[mention.start - 1] if mention.start else ""
    return word if before in DEFINITE or generics.kinds[word].bare else None
