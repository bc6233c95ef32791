"""Which passages annotators differ on, hardest first, in which way, and which categories they take for one another."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum
from typing import Literal, get_args

from pipeline.annotate.double_reading import PassagesOf, Said, doubly_read
from pipeline.annotate.records import Part, Reading
from pipeline.report import check_interval

Kind = Literal["finding", "categories", "assertion", "boundaries"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A passage on which annotators differ; `quote` is the text's [start, end), `said` what each said, by annotator.

    `difficulty`, above 0 and at most 1, is the mean difference of two annotators: 1 where only one calls it a finding; else half the
    share of their categories that only one of them gave, plus half where their assertions differ.
    A majority so makes a passage easier: one against two is 2/3, one against one is 1.
    """

    report_id: str
    part: Part
    start: int
    end: int
    quote: str
    said: tuple[Said, ...]
    kinds: tuple[Kind, ...]
    difficulty: float

    @property
    def contested(self) -> tuple[str, ...]:
        """Categories that some gave and some did not; sorted."""
        given = Counter(c for s in self.said for c in s.categories)
        return tuple(sorted(c for c, times in given.items() if times < len(self.said)))


@dataclass(frozen=True, slots=True)
class Confused:
    """On `passages` passages that both call findings, one annotator gave `first` and not `second`, another `second` and not `first`."""

    first: str
    second: str
    passages: int


def disagreements(
    readings: Iterable[Reading], passages_of: PassagesOf, text_of: Callable[[str], str]
) -> tuple[Disagreement, ...]:
    """Passages on which annotators differ over finding or not, categories or assertion, hardest first.

    Of equally hard ones those come first that turn on the rarest category (on the fewest passages by any annotator): they move its
    figures most. `passages_of` and `text_of` give the passages and the text of a report by the text's SHA-256.
    """
    found: list[Disagreement] = []
    common: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for each in doubly_read(readings, passages_of):
        for passage, said in zip(each.passages, each.said, strict=True):
            common.update({c for s in said for c in s.categories})
            kinds = kinds_of(said)
            if kinds and kinds != ("boundaries",):
                key = each.part.text_sha256
                text = texts[key] if key in texts else texts.setdefault(key, text_of(key))
                check_interval(passage.start, passage.end, within=len(text), what=f"{each.part.report_id}: passage")
                place = (each.part.report_id, each.part, passage.start, passage.end)
                found.append(Disagreement(*place, text[passage.start : passage.end], said, kinds, difficulty(said)))
    return tuple(sorted(found, key=lambda d: (-d.difficulty, _rarest(d, common), d.report_id, d.start, d.end)))


def _rarest(disagreement: Disagreement, common: Mapping[str, int]) -> int:
    """On how many passages the rarest contested category is; where none is contested, the rarest one given."""
    given = {c for s in disagreement.said for c in s.categories}
    return min((common[c] for c in disagreement.contested or given), default=0)


def kinds_of(said: Sequence[Said]) -> tuple[Kind, ...]:
    """In which ways annotators differ on a passage; "boundaries" only where they agree on all else."""
    positive = [s for s in said if s.is_finding]
    differ: Mapping[Kind, bool] = {
        "finding": 0 < len(positive) < len(said),
        "categories": len({frozenset(s.categories) for s in positive}) > 1,
        "assertion": len({s.assertion for s in positive}) > 1,
    }
    kinds = tuple(kind for kind, differs in differ.items() if differs)
    return kinds or (("boundaries",) if len({s.spans for s in positive}) > 1 else ())


def difficulty(said: Sequence[Said]) -> float:
    """The mean difference of two annotators on a passage, 0 to 1; see Disagreement."""
    differences = [_difference(one, other) for one, other in combinations(said, 2)]
    return fsum(differences) / len(differences)


def _difference(one: Said, other: Said) -> float:
    if not (one.is_finding and other.is_finding):
        return float(one.is_finding != other.is_finding)
    ones, others = set(one.categories), set(other.categories)
    categories = len(ones ^ others) / max(1, len(ones | others))
    return (categories + (one.assertion != other.assertion)) / 2


def count_kinds(readings: Iterable[Reading], passages_of: PassagesOf) -> dict[Kind, int]:
    """On how many passages annotators differ in each way; a passage may count under several, but "boundaries" stands alone."""
    counts = Counter(k for each in doubly_read(readings, passages_of) for said in each.said for k in kinds_of(said))
    return {kind: counts[kind] for kind in KINDS}


def most_confused(found: Iterable[Disagreement]) -> tuple[Confused, ...]:
    """Pairs of categories that annotators take for one another, from the most passages down."""
    counts = Counter(pair for disagreement in found for pair in _swapped(disagreement.said))
    pairs = [Confused(*pair, passages) for pair, passages in counts.items()]
    return tuple(sorted(pairs, key=lambda c: (-c.passages, c.first, c.second)))


def _swapped(said: Sequence[Said]) -> set[tuple[str, str]]:
    swapped = set()
    for one, other in combinations((set(s.categories) for s in said), 2):
        swapped |= {(min(a, b), max(a, b)) for a in one - other for b in other - one}
    return swapped
