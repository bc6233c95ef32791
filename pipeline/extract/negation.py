"""Takes back failings that the words of a passage deny: cues and what stands in their scope, after ConText, read from `negation.toml`.

Most sentences with "no" or "not" are failings ("no risk assessment was done"), so the rule asks for more than a negative: a doubt
about a lapse, a verdict that there was none, or force that was not used.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files

from pipeline.extract.clauses import NEGATIVES
from pipeline.report import Finding

DIGITS = 4
RESTRAINT = "restraint"
FROM_START = r"\W*(?:\d+\W+)?(?:@)\b"
AROUND = {
    "unknowable": FROM_START,
    "pointers": FROM_START,
    "negated_force": r"\b(?:#)(?: [\w’'-]+){0,3}? (?:@)\b",
    "ends": r"@",
}
WORD = re.compile(r"[\w’'-]+")


@dataclass(frozen=True, slots=True)
class Negation:
    """One pattern for each list of `negation.toml`; `negated_force` joins `negatives` and `force`."""

    doubts: re.Pattern[str]
    faults: re.Pattern[str]
    duties: re.Pattern[str]
    settled: re.Pattern[str]
    turns: re.Pattern[str]
    ends: re.Pattern[str]
    negated_force: re.Pattern[str]
    unknowable: re.Pattern[str]
    outcomes: re.Pattern[str]
    pointers: re.Pattern[str]
    statements: re.Pattern[str]

    def denies(self, quote: str, *, restraint: bool) -> bool:
        """Whether a sentence denies a lapse and says of no other one; `restraint` tells that it is first about force."""
        if self.turns.search(quote):
            return False
        denials = list(self._denials(quote, restraint=restraint))
        return bool(denials) and not self._lapse_outside(quote, denials)

    def says_nothing(self, quote: str) -> bool:
        """Whether a sentence only points elsewhere, or only says what cannot be known of the outcome."""
        pointer, unknown = self.pointers.match(quote), self.unknowable.match(quote)
        if pointer:
            return not self.statements.search(quote, pointer.end())
        if unknown:
            end = unknown.end()
            return bool(self.outcomes.search(quote, end)) and not self.turns.search(quote, end)
        return False

    def _denials(self, quote: str, *, restraint: bool) -> Iterator[tuple[int, int]]:
        """The intervals of a sentence, cue and scope, that deny a lapse."""
        for cue in self.settled.finditer(quote):
            yield cue.start(), self._end(quote, cue.end())
        for cue in self.doubts.finditer(quote):
            end = self._end(quote, cue.end())
            doubted = restraint or self.faults.search(quote, cue.end(), end)
            if doubted and not self.duties.search(quote, cue.end(), end):
                yield cue.start(), end
        for cue in self.negated_force.finditer(quote) if restraint else ():
            end = self._end(quote, cue.end())
            if not self.duties.search(quote, cue.start(), end):
                yield cue.start(), end

    def _lapse_outside(self, quote: str, denials: Iterable[tuple[int, int]]) -> bool:
        rest = quote
        for start, end in denials:
            rest = rest[:start] + " " * (end - start) + rest[end:]
        return bool(self.faults.search(rest)) or any(word in NEGATIVES for word in WORD.findall(rest.casefold()))

    def _end(self, quote: str, start: int) -> int:
        found = self.ends.search(quote, start)
        return found.start() if found else len(quote)


def with_denials(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Failings that are denied as `remedied`, for review; without those that say nothing of a lapse. Others are left as they are."""
    negation = load_negation()
    kept = (f for f in findings if f.assertion != "failing" or not negation.says_nothing(f.quote))
    return tuple(_denied(f) if _is_denied(f, negation) else f for f in kept)


def _is_denied(finding: Finding, negation: Negation) -> bool:
    restraint = finding.categories[0].id == RESTRAINT
    return finding.assertion == "failing" and negation.denies(finding.quote, restraint=restraint)


def _denied(finding: Finding) -> Finding:
    """The score is what the model leaves for the other assertions."""
    score = round(1 - finding.assertion_score, DIGITS)
    return replace(finding, assertion="remedied", assertion_score=score, needs_review=True)


@cache
def load_negation() -> Negation:
    """Read `negation.toml` and compile it."""
    table = tomllib.loads(files("pipeline.extract").joinpath("negation.toml").read_text(encoding="utf-8"))
    negatives, table["negated_force"] = "|".join(table.pop("negatives")), table.pop("force")
    return Negation(**{field.name: _pattern(field.name, table[field.name], negatives) for field in fields(Negation)})


def _pattern(name: str, entries: Iterable[str], negatives: str) -> re.Pattern[str]:
    shape = AROUND.get(name, r"\b(?:@)\b").replace("#", negatives).replace("@", "|".join(entries))
    return re.compile(shape.replace(" ", r"\s+"), re.IGNORECASE)
