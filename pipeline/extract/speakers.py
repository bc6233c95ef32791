"""Finds who says so: the words of a passage, or of what leads to it, that name whose claim it is."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline.extract.layout import lead_in
from pipeline.report import Speaker, SpeakerKind

PRONOUN = re.compile(r"\s*(?:(?:However|Moreover|In addition|Also|Further),?\s+)?(?:They|He|She|Both)\b")
NAME = r"[A-Z][\w-]+(?:[’'][A-Z]\w+)?"
BACK, PHRASE, LEAD = 500, 90, 30


@dataclass(frozen=True, slots=True)
class Speakers:
    """Compiled cues: `nouns` may speak; `tail` follows one who does, `office_tail` one who decides by office, `lead` comes before."""

    nouns: re.Pattern[str]
    phrase: re.Pattern[str]
    tail: re.Pattern[str]
    office_tail: re.Pattern[str]
    lead: re.Pattern[str]
    first: re.Pattern[str]
    claims: re.Pattern[str]
    kinds: dict[str, SpeakerKind]
    office: frozenset[SpeakerKind]

    def speakers(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[Speaker | None, ...]:
        """For each passage [start, end) of a report, whose claim it is; None where nobody is named."""
        author: SpeakerKind = "coroner" if "coroner" in text.casefold() else "other"
        return tuple(self._speaker(text, start, end, author) for start, end in spans)

    def _speaker(self, text: str, start: int, end: int, author: SpeakerKind) -> Speaker | None:
        found = self._said(text, start, end, author)
        if found:
            return found
        before = _before(text, start, end, self.claims)
        return self._said(text, *before, author) if before else None

    def _said(self, text: str, start: int, end: int, author: SpeakerKind) -> Speaker | None:
        """The first who is said to say something in [start, end): the outermost one."""
        own = self.first.search(text, start, end)
        for noun in self.nouns.finditer(text, start, own.start() if own else end):
            kind = self.kinds.get(" ".join((noun["last"] or "").casefold().split()), "witness")
            low = max(start, noun.start() - PHRASE)
            phrase = self.phrase.search(text[low : noun.start()])
            first = low + phrase.start() if phrase and not noun["titled"] else noun.start()
            tail = self.office_tail if kind in self.office else self.tail
            if tail.match(text, noun.end(), end) or self.lead.search(text[max(start, first - LEAD) : first]):
                return Speaker(first, noun.end(), text[first : noun.end()], kind)
        return Speaker(*own.span("who"), own["who"], author) if own else None


def _before(text: str, start: int, end: int, claims: re.Pattern[str]) -> tuple[int, int] | None:
    """The sentence before a passage of "They also said ...", or the lead-in of the list that it is an item of."""
    if PRONOUN.match(text, start, end) and claims.search(text, start, min(end, start + 80)):
        floor = max(0, start - BACK)
        return max(floor, text.rfind("\n", floor, start) + 1), start
    return lead_in(text, start)


@cache
def load_speakers() -> Speakers:
    """Read `speakers.toml` and compile it."""
    table = tomllib.loads(files("pipeline.extract").joinpath("speakers.toml").read_text(encoding="utf-8"))
    kinds = {noun.casefold(): kind for kind, some in table["nouns"].items() for noun in some}
    kinds |= {f"{noun}s": kind for noun, kind in kinds.items() if f"{noun}s" not in kinds}
    words = {name: _any(some) for name, some in table["words"].items()}
    noun, gap = rf"(?i:{_any(kinds)})", rf"(?:\s+(?i:{words['between']})){{0,3}}\s+"
    aside = rf"(?:\s*,[^,.;:\n]{{1,60}},|\s+(?i:{words['of']})\s+(?:(?!\b(?i:{words['clause']})\b)[^,.;:\n]){{1,50}}?)?"
    claim, tell = rf"(?i:{words['claim']})\b(?!\s+(?:on|at\s+the\s+end)\b)", rf"(?i:{words['tell']})"
    told = rf"told\s+(?i:{words['listeners']})\b|{claim}|{tell}\s*(?i:{words['told']})(?!\w)"
    owned = r"[’']s?\s+(?i:(?:evidence|account|case|statement)\s+(?:was|is|that)\b|(?:view|opinion)\b)"
    return Speakers(
        nouns=re.compile(
            rf"\b(?P<titled>(?:{words['titles']})\.?\s+(?:[A-Z]\.?\s+)?{NAME}(?:\s+{NAME})?)\b"
            rf"|\b(?:{noun}\s+(?:[A-Z][\w’'-]+\s+)?){{0,3}}(?P<last>{noun})\b"
        ),
        phrase=re.compile(
            rf"(?<![\w’'-])(?:(?i:{words['openers']})\s+)?(?:(?!(?i:{words['no_modifier']})\b)[\w’'-]+\s+){{0,4}}$"
        ),
        tail=re.compile(rf"{owned}|{aside}{gap}(?:{told})"),
        office_tail=re.compile(rf"{owned}|{aside}{gap}(?:{told}|{tell}\b)"),
        lead=re.compile(
            rf"(?:\b(?i:{words['claim']}|found|told|noted|raised|expressed)\s+by|\b[Aa]ccording\s+to|[”\"’']\s*(?:said|says))\s+$"
        ),
        first=re.compile(rf"\b(?P<who>I)\s+(?:also\s+|therefore\s+|further\s+)?(?:{words['first_person']})\b"),
        claims=re.compile(rf"\b(?:{claim}|{tell}\b|told\b)"),
        kinds=kinds,
        office=frozenset(table["office"]),
    )


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(w).replace(r"\ ", r"\s+") for w in sorted(words, key=len, reverse=True))
