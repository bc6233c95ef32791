"""Mask the names of private persons in a report, each person with one mask, keeping offsets valid for the redacted text."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.persons import PLACE_TITLES, PLACES, POSSESSIVE, TITLES, WORD, SmallWords, private_persons
from pipeline.report import Fact

PLACED = re.compile(rf"[ \t]+(?:[A-Z][\w’'-]+[ \t]+){{0,2}}(?:{PLACES})\b")
PLACE_BEFORE = re.compile(rf"\b(?:{PLACE_TITLES})\.?[ \t]+$")
ACTS = re.compile(r"(?:[’']s|[ \t]+(?:was|is|had|has|did|died|could|would|fell|told|said|went|lived|took|suffered))\b")
SENTENCE = re.compile(r"(?:^|[.!?:;•\n]\s*|[\"“‘]\s*)$")
REPEATED = re.compile(r"(\[person \d+\])(?:[\W_]+\1)+")


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
        return REPEATED.sub(r"\1", text)


def redaction(
    text: str, facts: Sequence[Fact], *, url: str | None = None, title: str | None = None, source: str | None = None
) -> Redaction:
    """Mask the private persons of a report; a part of a name that several share is masked as the first of them."""
    names: dict[str, str] = {}
    for number, words in enumerate(private_persons(text, facts, (url, title, source)), 1):
        for name in (" ".join(words), *words):
            names.setdefault(name, f"[person {number}]")
    masks = tuple(_masks(text, names))
    return Redaction(_replaced(text, masks), masks, names)


def _masks(text: str, names: dict[str, str]) -> Iterator[tuple[int, int, str]]:
    """Runs of name words, with their title left out, each masked once."""
    if not names:
        return
    known = {name.casefold(): mask for name, mask in names.items() if " " not in name}
    small = SmallWords(text)
    run: list[re.Match[str]] = []
    for match in WORD.finditer(text):
        part = POSSESSIVE.sub("", match.group())
        is_name = part[:1].isupper() and part.casefold() in known
        if run and (
            not is_name or text[run[-1].end() : match.start()].strip(" \t.") or POSSESSIVE.search(run[-1].group())
        ):
            yield from _run(text, run, known, small)
            run = []
        if is_name:
            run.append(match)
    if run:
        yield from _run(text, run, known, small)


def _run(
    text: str, run: Sequence[re.Match[str]], known: dict[str, str], small: SmallWords
) -> Iterator[tuple[int, int, str]]:
    last = POSSESSIVE.sub("", run[-1].group())
    start, end = run[0].start(), run[-1].start() + len(last)
    titled = bool(re.search(rf"\b(?:{TITLES})\b\.?[ \t]+(?:[A-Z]\.?[ \t]+)*$", text[max(0, start - 30) : start]))
    if not titled and len(run) == 1:
        word = text[start:end]
        if PLACED.match(text, end) or PLACE_BEFORE.search(text[max(0, start - 10) : start]):
            return
        plain = small.has(word) and not ACTS.match(text, end)
        if plain and SENTENCE.search(text[max(0, start - 4) : start]):
            return
    yield start, end, known[last.casefold()]


def _replaced(text: str, masks: Sequence[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for start, end, mask in masks:
        parts += [text[at:start], mask]
        at = end
    return "".join([*parts, text[at:]])
