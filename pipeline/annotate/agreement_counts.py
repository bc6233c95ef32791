"""Count, report by report, what agreement is computed from. Counts of reports add up, so that a bootstrap only adds them again.

Agreement on what is marked is F1 between two annotators, counts pooled over pairs of annotators: neither is gold, F1 is the same from
either side, and it needs no count of what neither marks, which spans do not have (Hripcsak and Rothschild 2005, JAMIA 12:296).

Spans are compared whatever their categories. They are paired one to one, largest overlap first, so that a long mark does not stand for
several short ones (one-to-one pairing as in the Bacteria Biotope task, Bossy et al. 2013, BioNLP). A pair is partly the same when half of
either span lies in the other: the rule by which our scorer puts findings on sentences. It is lenient to a short mark in a long one; the
exact figure beside it is strict.

For alpha, Krippendorff's coincidence matrix is kept as its margins ("value") and the sum of its cells off the diagonal ("differ"): nominal
alpha needs no more (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from pipeline.annotate.double_reading import DoublyRead, Said
from pipeline.classify.evaluate import Interval, falls_on, overlap

Key = tuple[str, ...]
Counts = defaultdict[Key, float]


def count_report(parts: Iterable[DoublyRead]) -> Counts:
    """All counts of one report, by measure, outcome and what it is about (two annotators, a category, an assertion)."""
    count: Counts = defaultdict(float)
    for each in parts:
        for one, other in combinations(each.readings, 2):
            count["parts", "both", one.annotator, other.annotator] += 1
            _count_spans(count, *({(m.start, m.end) for m in r.marked} for r in (one, other)))
        for said in each.said:
            for first, second in combinations(said, 2):
                _count_pair(count, first, second)
            _count_values(count, said)
    return count


def _count_spans(count: Counts, ones: set[Interval], others: set[Interval]) -> None:
    size = len(ones) + len(others)
    _count_both(count, ("exact_span",), len(ones & others), size)
    _count_both(count, ("partial_span",), matches(ones, others, fits=falls_on), size)


def _count_pair(count: Counts, one: Said, other: Said) -> None:
    pair = (one.annotator, other.annotator)
    _count_both(count, ("sentence", *pair), one.is_finding and other.is_finding, one.is_finding + other.is_finding)
    shared = len(set(one.categories) & set(other.categories))
    _count_both(count, ("category", *pair), shared, len(one.categories) + len(other.categories))
    if one.is_finding and other.is_finding:
        count["assertion", "same"] += one.assertion == other.assertion
        count["assertion", "pairs"] += 1
        matched = matches(one.actors, other.actors, fits=lambda a, b: overlap(a, b) > 0)
        _count_both(count, ("actor",), matched, len(one.actors) + len(other.actors))


def _count_both(count: Counts, key: Key, both: int, size: int) -> None:
    """Of `size` things that two annotators marked together, `both` pairs are the same."""
    measure, *about = key
    count[measure, "both", *about] += both
    count[measure, "one", *about] += size - 2 * both


def matches(
    ones: Iterable[Interval], others: Sequence[Interval] | set[Interval], *, fits: Callable[[Interval, Interval], bool]
) -> int:
    """How many intervals of two annotators pair off, largest overlap first, where they fit; the same from either side."""
    fitting = [(a, b) for a in ones for b in others if fits(a, b)]
    left, right = {a for a, _ in fitting}, {b for _, b in fitting}
    matched = 0
    for a, b in sorted(fitting, key=_likeness):
        if a in left and b in right:
            left.remove(a)
            right.remove(b)
            matched += 1
    return matched


def _likeness(pair: tuple[Interval, Interval]) -> tuple[int, int, list[Interval]]:
    """Sorts the most alike first: largest overlap, then least text besides, then by place."""
    return -overlap(*pair), sum(end - start for start, end in pair), sorted(pair)


def _count_values(count: Counts, said: Sequence[Said]) -> None:
    coders = len(said)
    count["coded", "values"] += coders
    _count_yes(count, "finding_alpha", "any", sum(s.is_finding for s in said), coders)
    for category, yes in Counter(c for s in said for c in s.categories).items():
        _count_yes(count, "category_alpha", category, yes, coders)
        count["category", "passages", category] += 1
    assertions = Counter(s.assertion for s in said if s.assertion is not None)
    if assertions.total() >= 2:
        for assertion, n in assertions.items():
            count["assertion_alpha", "value", assertion] += n
        count["assertion_alpha", "differ"] += _differing(assertions.values())


def _count_yes(count: Counts, measure: str, about: str, yes: int, coders: int) -> None:
    """Only what somebody says yes to is counted: all other values are no, and none of them differ."""
    count[measure, "yes", about] += yes
    count[measure, "differ", about] += _differing((yes, coders - yes))


def _differing(coders: Iterable[int]) -> float:
    """What a passage adds to the coincidences off the diagonal, given how many coders chose each value."""
    chosen = tuple(coders)
    return (sum(chosen) ** 2 - sum(n * n for n in chosen)) / (sum(chosen) - 1)
