"""Finds every mention of an agency, a role or an organisation in tokenised passages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import spacy
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from pipeline.extract.joining import join
from pipeline.extract.lexicon import Lexicon
from pipeline.extract.words import PLAIN_QUOTES, TOKEN, Entry, Mention, Tokens

Side = Literal["alone", "after name", "before name"]
ACRONYM = re.compile(r"[A-Z][A-Za-z]{0,6}[A-Z]s?")
BREAK = "\n"
LONGEST_NAME = 12


class MentionFinder:
    """A lexicon, compiled for matching."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._vocab = spacy.blank("en").vocab
        self._any_case = PhraseMatcher(self._vocab, attr="LOWER")
        self._as_written = PhraseMatcher(self._vocab, attr="ORTH")
        self._entries: dict[int, dict[Side, Entry]] = {}
        self._modifiers = lexicon.words["modifiers"]
        self._joiners = lexicon.words["joiners"]
        self._not_names = lexicon.words["not_names"]
        self._titles = lexicon.words["titles"]
        for phrase, side, entry in _phrases(lexicon):
            self._add(phrase, side, entry, as_written=" " not in phrase and not phrase.islower())
        self.familiar = frozenset(lexeme.lower_ for lexeme in self._vocab) | self._modifiers | self._not_names
        for agency in lexicon.agencies:
            entry = Entry("name", agency.type, agency.name)
            for phrase in (agency.name, *agency.aliases, *agency.former):
                self._add(phrase, "alone", entry, as_written=agency.case or " " not in phrase)
        self._last_words = {shape.after.split()[-1].lower() for shape in lexicon.shapes if shape.after}

    def find(self, passages: Sequence[Tokens], known: Mapping[str, Entry]) -> list[list[Mention]]:
        """The mentions in each passage, in order and apart; `known` explains abbreviations that the report defines."""
        words = [word for passage in passages for word in (*passage.words, BREAK)]
        doc = Doc(self._vocab, words=words)
        matches = sorted({*self._any_case(doc), *self._as_written(doc)}, key=lambda match: (match[1], -match[2]))
        found, at, first = [], 0, 0
        for passage in passages:
            upto = at
            while upto < len(matches) and matches[upto][1] < first + len(passage.words):
                upto += 1
            cores = [core for key, i, j in matches[at:upto] for core in self._cores(passage, key, i - first, j - first)]
            found.append(self._settle(passage, cores, known))
            at, first = upto, first + len(passage.words) + 1
        return found

    def _add(self, phrase: str, side: Side, entry: Entry, *, as_written: bool) -> None:
        words = TOKEN.findall(phrase.translate(PLAIN_QUOTES))
        key = " ".join(words if as_written else [word.lower() for word in words]) + (" =" if as_written else "")
        matcher = self._as_written if as_written else self._any_case
        matcher.add(key, [Doc(self._vocab, words=words)])
        self._entries.setdefault(self._vocab.strings[key], {}).setdefault(side, entry)

    def _cores(self, passage: Tokens, key: int, start: int, end: int) -> Iterator[Mention]:
        sides = self._entries[key]
        capital = passage.words[start][0].isupper()
        if capital and "after name" in sides:
            left = self._name_before(passage, start)
            if left < start:
                named = _named(passage, left, end, sides["after name"])
                words = set(passage.lower[left:start])
                yield Mention(left, end, start, named if words - self._modifiers else Entry("body", named.type))
        if capital and "before name" in sides:
            right = self._name_after(passage, end)
            if right > end:
                yield Mention(start, right, start, _named(passage, start, right, sides["before name"]))
        if "alone" in sides:
            start += passage.lower[start] == "the"
            yield Mention(start, end, start, sides["alone"])

    def _settle(self, passage: Tokens, cores: list[Mention], known: Mapping[str, Entry]) -> list[Mention]:
        taken = [False] * len(passage.words)
        kept = []
        for core in sorted((*cores, *self._acronyms(passage, known)), key=_best_first):
            if not any(taken[core.start : core.end]):
                taken[core.start : core.end] = [True] * (core.end - core.start)
                kept.append(core)
        kept = [self._known(passage, core, known) for core in kept if core.entry.kind != "none"]
        kept = [self._widen(passage, core, taken) for core in kept if not self._person(passage, core, taken)]
        return join(passage, sorted(kept, key=lambda mention: mention.start))

    def _acronyms(self, passage: Tokens, known: Mapping[str, Entry]) -> Iterator[Mention]:
        if sum(word.isupper() for word in passage.words) * 2 > len(passage.words):
            return
        for i, word in enumerate(passage.words):
            if (word[-1].isupper() or word[-1] == "s") and ACRONYM.fullmatch(word) and word not in self._titles:
                yield Mention(i, i + 1, i, known.get(word) or Entry("acronym", "other"))

    def _known(self, passage: Tokens, core: Mention, known: Mapping[str, Entry]) -> Mention:
        entry = known.get(passage.words[core.start]) if core.end == core.start + 1 else None
        if entry is None or (core.entry.agency and not entry.agency):
            return core
        return replace(core, entry=entry if core.entry.kind != "body" else replace(entry, kind="body"))

    def _person(self, passage: Tokens, core: Mention, taken: list[bool]) -> bool:
        """Whether a role in capitals is the title of a name, or a name follows a title."""
        if core.start and passage.words[core.start - 1] in self._titles:
            return True
        following = passage.words[core.end] if core.end < len(passage.words) and not taken[core.end] else ""
        return (
            core.entry.kind == "role"
            and passage.words[core.head][0].isupper()
            and following[:1].isupper()
            and len(following) > 1
            and not following.isupper()
            and self._names(following)
        )

    def _names(self, word: str) -> bool:
        return word[0].isupper() and word.lower() not in self._not_names

    def _name_before(self, passage: Tokens, start: int) -> int:
        """Where the name that ends at `start` begins; `start` if there is none."""
        best = i = start
        while i > max(0, start - LONGEST_NAME):
            i -= 1
            word = passage.words[i]
            if word in self._joiners and best < start:
                continue
            joined = best < start and i + 1 < best
            if word in self._titles and best < start:
                return self._without_person(passage, best, start)
            if not self._names(word) or (joined and passage.lower[i] in self._last_words) or word in self._titles:
                break
            best = i
        return best

    def _without_person(self, passage: Tokens, best: int, start: int) -> int:
        """Where a name begins whose first words follow a title: after the "of" of "Dr Marlow of Hill Surgery", else there is none."""
        placed = [i for i in range(best, start) if passage.words[i] in ("of", "at", "from")]
        return placed[0] + 1 if placed else best

    def _name_after(self, passage: Tokens, end: int) -> int:
        best = i = end
        while i < min(len(passage.words), end + LONGEST_NAME):
            word = passage.words[i]
            if self._names(word):
                best = i + 1
            elif word not in self._joiners or best == end or word in (".", "in", "on", "for"):
                break
            i += 1
        return best

    def _widen(self, passage: Tokens, core: Mention, taken: list[bool]) -> Mention:
        start = core.start
        if core.entry.kind in ("role", "body"):
            while start and not taken[start - 1] and self._widens(passage, start - 1):
                start -= 1
        while start < core.start and passage.words[start] == "-":
            start += 1
        return replace(core, start=start)

    def _widens(self, passage: Tokens, i: int) -> bool:
        word = passage.words[i]
        return (
            passage.lower[i] in self._modifiers
            or (word == "-" and i > 0 and passage.lower[i - 1] in self._modifiers)
            or (i > 0 and self._names(word) and passage.words[i - 1] not in self._titles and len(word) > 1)
        )


def _named(passage: Tokens, start: int, end: int, entry: Entry) -> Entry:
    """The entry of a shape, with the words that fill it as its agency where they name one."""
    return entry if entry.agency is None else replace(entry, agency=passage.quote(start, end))


def _best_first(core: Mention) -> tuple[int, bool, bool, int]:
    return core.start - core.end, core.entry.kind == "acronym", core.entry.agency is None, core.start


def _phrases(lexicon: Lexicon) -> Iterator[tuple[str, Side, Entry]]:
    for phrase in lexicon.words["not_agencies"]:
        yield phrase, "alone", Entry("none", "other")
    for phrase, type_ in lexicon.roles.items():
        yield phrase, "alone", Entry("role", type_)
    for phrase, type_ in lexicon.bodies.items():
        yield phrase, "alone", Entry("body", type_)
    for shape in lexicon.shapes:
        side: Side = "before name" if shape.before else "after name"
        yield shape.before or shape.after, side, Entry("name", shape.type, "" if shape.agency else None)
