"""The grammar around a mention as far as word order shows it: what governs it, its clause, and the verb that follows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.extract.words import Mention

EDGE = "^"
DETERMINERS = frozenset(
    "the a an all any his her their its your our other another these those this that both each every some no many".split()
)
LOOSE_DETERMINERS = DETERMINERS | {"relevant", "two", "0", "*", "involved", "various"}
BE = frozenset("is are was were be been being".split())
MODALS = frozenset("should must would could may might can will shall cannot".split())
AUXILIARIES = frozenset(
    "is are was were has have had did do does should could would must may might can cannot will failed fails need needs "
    "not been to never be also then only made took gave used".split()
)
NEGATIVES = frozenset(
    "not never no lack lacked failed failure failures fail without unable insufficient inadequate poor missed omitted none "
    "nor neither delay delayed".split()
)
NEGATIVE_HELPERS = frozenset("not never failed fails cannot".split())
PREPOSITIONS = frozenset(
    "of by to from with for in at on between among amongst within into under via through about against upon without towards".split()
)
BOUNDARIES = frozenset(
    ", ; : . that which who when if because after before where whereas although though while whilst but since unless until as "
    'so and ( - – "'.split()
)
JOINING = frozenset("and or / , & nor".split())
IN_LISTS = JOINING | {"the", "a", "an", "both", "other", "their", "its"}
PARTICIPLES = frozenset("told made put sent taken given found seen left kept held met brought taught".split())
STOPS = frozenset(", ; . : but because".split())
THERE = AUXILIARIES | {"appears", "appeared", "seems", "remains"}
BEFORE_NOUN = THERE | {"a", "an", "the", "any"}
FARTHEST_VERB, STEM = 8, 6


@dataclass(frozen=True, slots=True)
class Verb:
    """Helping verbs [start, at) and the verb at `at`, as it follows a mention; `gap` words stand between."""

    helpers: Sequence[str]
    word: str
    gap: int
    by: bool

    @property
    def voice(self) -> str:
        """The form of the verb after a form of "be", and "act" without one."""
        return form(self.word) if BE & set(self.helpers) else "act"

    @property
    def negated(self) -> bool:
        """Whether it is denied or failed."""
        return bool(NEGATIVE_HELPERS & set(self.helpers))


@dataclass(frozen=True, slots=True)
class Clause:
    """What stands around a mention, or around the list of mentions that it is part of.

    `left` is the word before it and its determiners, `governor` the one before that; `opener` is the word that its clause
    begins after, `before_opener` the word before that; `words` are those of the clause before the mention.
    """

    left: str
    governor: str
    opener: str
    before_opener: str
    words: Sequence[str]
    owns: bool
    right: str
    verb: Verb | None

    @property
    def begun(self) -> bool:
        """Whether the clause has a verb before the mention."""
        return any(word in AUXILIARIES for word in self.words)

    @property
    def subject(self) -> bool:
        """Whether the mention looks like the subject of its clause."""
        return not self.begun and self.left not in PREPOSITIONS


def at(words: Sequence[str], i: int) -> str:
    """The word at `i`, or EDGE outside the passage."""
    return words[i] if 0 <= i < len(words) else EDGE


def form(verb: str) -> str:
    """The form of a verb, by its ending."""
    if verb.endswith(("ed", "en", "wn", "ne")) or verb in PARTICIPLES:
        return "ed"
    return "ing" if verb.endswith("ing") else "x"


def lists(low: Sequence[str], mentions: Sequence[Mention]) -> list[tuple[int, int]]:
    """For each mention the first and last number of the list of mentions ("X, Y and Z") that it is part of."""
    firsts = list(range(len(mentions)))
    for i in range(1, len(mentions)):
        gap = low[mentions[i - 1].end : mentions[i].start]
        if len(gap) <= 3 and JOINING & set(gap) and set(gap) <= IN_LISTS:
            firsts[i] = firsts[i - 1]
    lasts = {first: i for i, first in enumerate(firsts)}
    return [(first, lasts[first]) for first in firsts]


def clause(low: Sequence[str], start: int, end: int) -> Clause:
    """The grammar around tokens [start, end)."""
    before = start - 1
    while before >= 0 and low[before] in LOOSE_DETERMINERS:
        before -= 1
    governor = before - 1
    while governor >= 0 and low[governor] in DETERMINERS:
        governor -= 1
    opener = before
    while opener >= 0 and low[opener] not in BOUNDARIES:
        opener -= 1
    owns = at(low, end) == "'"
    after = end + (2 if owns and at(low, end + 1) == "s" else int(owns))
    after = _past_brackets(low, after)
    return Clause(
        left=at(low, before),
        governor=at(low, governor),
        opener=at(low, opener),
        before_opener=at(low, opener - 1),
        words=low[opener + 1 : start],
        owns=owns,
        right=at(low, after),
        verb=None if owns else _verb(low, after),
    )


def _past_brackets(low: Sequence[str], i: int) -> int:
    if at(low, i) == "(":
        for j in range(i, min(len(low), i + 8)):
            if low[j] == ")":
                return j + 1
    return i


def _verb(low: Sequence[str], i: int) -> Verb | None:
    for start in range(i, min(len(low), i + FARTHEST_VERB)):
        if low[start] in AUXILIARIES:
            verb = start
            while verb < len(low) and (low[verb] in AUXILIARIES or low[verb].endswith("ly")):
                verb += 1
            return Verb(low[start:verb], at(low, verb), start - i, "by" in low[verb : verb + 4])
        if low[start] in STOPS:
            return None
    return None


def there_was(low: Sequence[str]) -> str:
    """The stem of what a passage says that there was, after "no" when there was none; empty when it says nothing such."""
    for i in range(len(low) - 2):
        if low[i] == "there" and low[i + 1] in THERE:
            j = i + 1
            while j < len(low) and low[j] in BEFORE_NOUN:
                j += 1
            return ("no " if {"no", "not"} & set(low[i : j + 1]) else "") + at(low, j)[:STEM]
    return ""
