"""What a report itself calls a body: abbreviations, "(ELFT)", and words for one, '(hereafter "the Trust")'."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.extract.mentions import MentionFinder
from pipeline.extract.words import Entry, Mention, Tokens, tokenise

LONGEST_NAME = 110
QUOTE = r"""["'‘’“”]{0,2}"""
ABBREVIATION = r"[A-Z][A-Za-z&]{0,8}[A-Z]"
CALLED = r"(?:here(?:in)?after|henceforth|(?:also )?(?:known|referred to)(?: here(?:in)?| below)?(?: as)?|called|or)"
SHORT = rf"{QUOTE}(?:[Tt]he\s{{1,2}})?{QUOTE}({ABBREVIATION}){QUOTE}"
WORD = rf"{QUOTE}[Tt]he\s{{1,2}}{QUOTE}([A-Z][a-z]+(?:\s[A-Z][a-z]+){{0,2}}){QUOTE}"
AFTER_NAME = re.compile(
    rf"\(\s{{0,2}}(?:{CALLED},?\s){{0,2}}(?:{SHORT}|{WORD})\s{{0,2}}\)|,?\s(?:{CALLED},?\s){{1,2}}(?:{SHORT}|{WORD})(?!\w)"
)
BEFORE_NAME = re.compile(rf"\b({ABBREVIATION})(?:{QUOTE}\s(?:is short for|stands for|means)\s|\s\()")


@dataclass(frozen=True, slots=True)
class Definitions:
    """`short` explains the report's abbreviations; `called` has the bodies that a word in small letters was given to, and where."""

    short: Mapping[str, Entry]
    called: Mapping[str, Sequence[tuple[int, Entry]]]


def define(text: str, finder: MentionFinder) -> Definitions:
    """Find what `text` defines, wherever it stands."""
    defined = [*_after_names(text), *_before_names(text)]
    if not defined:
        return Definitions({}, {})
    found = finder.find([passage for _, _, passage, _ in defined], {})
    short: dict[str, Entry] = {}
    called: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
    for (place, word, passage, name_first), mentions in zip(defined, found, strict=True):
        mention = _beside(passage, mentions, name_first=name_first)
        if mention is None:
            continue
        if word[-1].isupper():
            short.setdefault(word, mention.entry)
        elif mention.entry.agency:
            called[" ".join(word.lower().split())].append((place, mention.entry))
    return Definitions(short, called)


def _after_names(text: str) -> Iterator[tuple[int, str, Tokens, bool]]:
    for match in AFTER_NAME.finditer(text):
        word = next(group for group in match.groups() if group)
        yield match.start(), word, tokenise(text, max(0, match.start() - LONGEST_NAME), match.start()), True


def _before_names(text: str) -> Iterator[tuple[int, str, Tokens, bool]]:
    for match in BEFORE_NAME.finditer(text):
        end = min(len(text), match.end() + LONGEST_NAME)
        if match.group().endswith("("):
            end = text.find(")", match.end(), end)
        if end > 0:
            yield match.start(), match[1], tokenise(text, match.end(), end), False


def _beside(passage: Tokens, mentions: Sequence[Mention], *, name_first: bool) -> Mention | None:
    """The body that is named next to its definition."""
    if not mentions:
        return None
    mention = mentions[-1 if name_first else 0]
    gap = passage.lower[mention.end :] if name_first else passage.lower[: mention.start]
    beside = not gap or (not name_first and gap == ["the"])
    return mention if beside and mention.entry.kind in ("name", "body") else None
