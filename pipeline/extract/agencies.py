"""Finds the organisations, services and roles to which a passage attributes a lapse or a recommendation, and those it mentions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.extract.actor_features import Statement, Vocabulary, describe
from pipeline.extract.attribution import Selector, load_classes, load_selector
from pipeline.extract.generics import Generics, generic_word, load_generics
from pipeline.extract.inherit import Source, source
from pipeline.extract.lexicon import LEXICON_PATH, load_lexicon
from pipeline.extract.mentions import MentionFinder
from pipeline.extract.resolve import ReportNames
from pipeline.extract.roles import is_asked, role
from pipeline.extract.words import Mention, Tokens, tokenise
from pipeline.report import Actor

FIRST_WORDS = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom a passage names, and what the choice of actors goes by.

    `generic` is the word that stands for a body named elsewhere, `asked` whether the words beside it ask for action, `opens`
    whether the passage begins with it, and `known` is false of capitals that nothing explains.
    """

    actor: Actor
    features: set[str]
    generic: str | None
    asked: bool
    opens: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a passage names: its actors, and everybody else.

    An actor that a passage takes over from the words before it, a list's lead-in or what "they" means, stands there.
    """

    chosen: tuple[Actor, ...] = ()
    mentioned: tuple[Actor, ...] = ()


@dataclass(frozen=True, slots=True)
class AgencyTagger:
    """A compiled lexicon and the weights of the choice; made once a worker by `load_tagger`."""

    finder: MentionFinder
    selector: Selector
    vocabulary: Vocabulary
    generics: Generics

    def actors(self, text: str, statements: Sequence[Statement]) -> list[Named]:
        """For each of `statements`, passages of the one report `text`: its actors and whom else it mentions, in order, each named once."""
        names = self._names(text)
        found = self._candidates(names, statements)
        named = [self._named(names, *pair) for pair in zip(statements, found, strict=True)]
        elsewhere = [(i, where) for i, s in enumerate(statements) if (where := source(text, s.start, s.end))]
        heads = [replace(statements[i], start=where.start, end=where.end) for i, where in elsewhere]
        for (i, where), who in zip(elsewhere, self._candidates(names, heads), strict=True):
            taken_over = self._taken_over(names, statements[i], where, who)
            named[i] = replace(named[i], chosen=(*taken_over, *named[i].chosen))
        return named

    def candidates(self, text: str, statements: Sequence[Statement]) -> list[tuple[Candidate, ...]]:
        """Everybody whom each of `statements` names; a later mention in the same words counts towards the first."""
        return self._candidates(self._names(text), statements)

    def is_chosen(self, candidate: Candidate) -> bool:
        """Whether the weights make it an actor."""
        return self.selector.probability(candidate.features) >= self.selector.threshold

    def _names(self, text: str) -> ReportNames:
        return ReportNames(text, self.finder, self.generics)

    def _named(self, names: ReportNames, statement: Statement, candidates: Sequence[Candidate]) -> Named:
        chosen, mentioned = [], []
        for candidate in candidates:
            actor = names.resolved(candidate.actor, candidate.generic)
            if self.is_chosen(candidate):
                chosen.append(replace(actor, role=role(statement.assertion, asked=candidate.asked)))
            elif candidate.known:
                mentioned.append(replace(actor, role="mentioned"))
        return Named(tuple(chosen), tuple(mentioned))

    def _taken_over(
        self, names: ReportNames, statement: Statement, where: Source, candidates: Sequence[Candidate]
    ) -> tuple[Actor, ...]:
        kept = [c for c in candidates if (c.opens if where.pronoun else self.is_chosen(c))]
        actors = [names.resolved(c.actor, c.generic) for c in kept]
        return tuple(replace(a, role=role(statement.assertion, asked=False), resolved=True) for a in actors)

    def _candidates(self, names: ReportNames, statements: Sequence[Statement]) -> list[tuple[Candidate, ...]]:
        if not statements:
            return []
        passages = [tokenise(names.text, s.start, s.end) for s in statements]
        found = self.finder.find(passages, names.definitions.short)
        return [tuple(self._once(names.text, *row)) for row in zip(statements, passages, found, strict=True)]

    def _once(
        self, text: str, statement: Statement, passage: Tokens, mentions: Sequence[Mention]
    ) -> Iterator[Candidate]:
        said: dict[str, Candidate] = {}
        described = describe(passage, mentions, statement, self.vocabulary)
        for mention, features in zip(mentions, described, strict=True):
            words = " ".join(passage.lower[mention.start : mention.end])
            if words in said:
                said[words].features.update(features)
                continue
            said[words] = self._candidate(text, passage, mention, features)
        yield from said.values()

    def _candidate(self, text: str, passage: Tokens, mention: Mention, features: set[str]) -> Candidate:
        start, end, entry = passage.starts[mention.start], passage.ends[mention.end - 1], mention.entry
        return Candidate(
            Actor(start, end, text[start:end], entry.agency, entry.type),
            features,
            generic=generic_word(passage, mention, self.generics),
            asked=is_asked(passage.lower, mention.start, mention.end),
            opens=mention.start < FIRST_WORDS,
            known=entry.kind != "acronym" or entry.agency is not None,
        )


def load_tagger(*, toml_path: Path | None = None) -> AgencyTagger:
    """Read the lexicon (the packaged one unless `toml_path` names another) and the weights."""
    finder = MentionFinder(load_lexicon(toml_path or LEXICON_PATH))
    return AgencyTagger(finder, load_selector(), Vocabulary(finder.familiar, load_classes()), load_generics())
