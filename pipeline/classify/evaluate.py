"""Score findings against labelled reports, sentence by sentence, with bootstrap intervals over reports.

A finding falls on a gold sentence when at least half of either one lies in the other. The figures are those of the
corpus's own scorer.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.classify.gold import GoldLabel, GoldReport
from pipeline.report import Finding, Passage

CORE = ("communication_gap", "restraint", "bed_shortage", "buck_passing")
BINS = 10
Interval = tuple[int, int]
Counts = Counter[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and its 95% interval; None where there was nothing to measure."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class CategoryFigures:
    """Precision, recall and F1 of one category; `support` is the number of gold sentences."""

    precision: float
    recall: float
    f1: float
    support: int


def count_agreements(gold: GoldReport, findings: Sequence[Finding], passages: Sequence[Passage] = ()) -> Counts:
    """Agreements of one report by (measure, key, outcome); passages, when given, are counted against the gold sentences."""
    count: Counts = Counter()
    ordered = sorted(findings, key=lambda f: f.start)
    for sentence in gold.passages:
        hits = [f for f in ordered if falls_on((f.start, f.end), (sentence.start, sentence.end))]
        _count_sentence(count, gold.labels.get((sentence.start, sentence.end)), hits, (sentence.start, sentence.end))
    for f in findings:
        count["link", "quote", "exact" if gold.text[f.start : f.end] == f.quote else "broken"] += 1
    if passages:
        want, got = ({(p.start, p.end) for p in each} for each in (gold.passages, passages))
        _count_sets(count, "passage", "any", want, got)
        count["long", "passage", "n"] += sum(len(gold.text[p.start : p.end].split()) > 120 for p in passages)
    return count


def _count_sentence(count: Counts, label: GoldLabel | None, hits: Sequence[Finding], sentence: Interval) -> None:
    want = set(label.categories) if label else set()
    scores: dict[str, float] = {}
    for category in (c for f in hits for c in f.categories):
        scores[category.id] = max(scores.get(category.id, 0.0), category.score)
    _count_sets(count, "sentence", "any", {0} if label else set(), {0} if hits else set())
    for key in want | set(scores):
        _count_sets(count, "category", key, want & {key}, set(scores) & {key})
    for key, score in scores.items():
        bin_ = str(min(BINS - 1, int(score * BINS)))
        count["calibration", bin_, "n"] += 1
        count["calibration", bin_, "score"] += score  # type: ignore[assignment]
        count["calibration", bin_, "right"] += key in want
    lapse_want = want if label and label.assertion == "failing" else set()
    lapse_got = {c.id for f in hits if f.assertion == "failing" for c in f.categories}
    _count_sets(count, "failing_category", "any", lapse_want, lapse_got)
    if label and hits:
        best = max(hits, key=lambda f: overlap((f.start, f.end), sentence))
        for key in {best.assertion, label.assertion}:
            _count_sets(count, "assertion", key, {label.assertion} & {key}, {best.assertion} & {key})
        _count_actors(
            count,
            label.actors,
            {(a.start, a.end) for f in hits for a in f.actors if sentence[0] <= a.start < sentence[1]},
        )


def _count_actors(count: Counts, wanted: Sequence[Interval], found: set[Interval]) -> None:
    matched = sum(any(overlap(w, g) for g in found) for w in wanted)
    count["actor", "any", "tp"] += matched
    count["actor", "any", "fn"] += len(wanted) - matched
    count["actor", "any", "fp"] += sum(not any(overlap(w, g) for w in wanted) for g in found)


def _count_sets(count: Counts, measure: str, key: str, want: set, got: set) -> None:  # type: ignore[type-arg]
    count[measure, key, "tp"] += len(want & got)
    count[measure, key, "fp"] += len(got - want)
    count[measure, key, "fn"] += len(want - got)


def overlap(a: Interval, b: Interval) -> int:
    """How many code points two intervals share."""
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def falls_on(finding: Interval, sentence: Interval) -> bool:
    """Whether at least half of either interval lies in the other."""
    shared = overlap(finding, sentence)
    return shared > 0 and shared * 2 >= min(finding[1] - finding[0], sentence[1] - sentence[0])


def summarise(counts: Iterable[Counts]) -> dict[str, float | None]:
    """All figures over the counts of some reports."""
    total: Counts = Counter()
    for count in counts:
        total.update(count)
    by: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    for (measure, key, outcome), n in total.items():
        if outcome in ("tp", "fp", "fn"):
            by[measure][key][["tp", "fp", "fn"].index(outcome)] += n

    def micro(measure: str) -> float:
        rows = list(by[measure].values())
        return _f1(*(sum(row[i] for row in rows) for i in range(3)))

    def macro(measure: str, keys: Sequence[str] | None = None) -> float:
        rows = [row for key, row in by[measure].items() if (keys is None or key in keys) and row[0] + row[2]]
        return sum(_f1(*row) for row in rows) / len(rows) if rows else 0.0

    return {
        "sentence_f1": micro("sentence"),
        "category_micro_f1": micro("category"),
        "category_macro_f1": macro("category"),
        "core_macro_f1": macro("category", CORE),
        "failing_category_micro_f1": micro("failing_category"),
        "assertion_macro_f1": macro("assertion"),
        "actor_f1": micro("actor"),
        "calibration_error": _calibration_error(total),
        "links_exact": total["link", "quote", "exact"],
        "links_broken": total["link", "quote", "broken"],
        "passages_exact": _share(total["passage", "any", "tp"], total["passage", "any", "fn"]),
        "passages_over_120_words": total["long", "passage", "n"],
    }


def _share(right: int, wrong: int) -> float | None:
    return right / (right + wrong) if right + wrong else None


def _calibration_error(total: Counts) -> float | None:
    bins = [str(b) for b in range(BINS)]
    n = sum(total["calibration", b, "n"] for b in bins)
    return (
        sum(abs(total["calibration", b, "score"] - total["calibration", b, "right"]) for b in bins) / n if n else None
    )


def _f1(tp: int, fp: int, fn: int) -> float:
    return 2 * tp / (2 * tp + fp + fn) if tp else 0.0


def with_intervals(counts: Sequence[Counts], *, samples: int = 500, seed: int = 0) -> dict[str, Figure]:
    """Figures over all reports, each with a 95% bootstrap interval over reports."""
    rng = random.Random(seed)  # noqa: S311
    drawn = [summarise(rng.choices(counts, k=len(counts))) for _ in range(samples)]
    figures = {}
    for name, value in summarise(counts).items():
        values = sorted(v for v in (sample[name] for sample in drawn) if v is not None)
        bounded = isinstance(value, float) and bool(values)
        low, high = (
            (values[int(0.025 * len(values))], values[int(0.975 * len(values)) - 1]) if bounded else (None, None)
        )
        figures[name] = Figure(value, low, high)
    return figures


def by_category(counts: Iterable[Counts]) -> dict[str, CategoryFigures]:
    """Precision, recall and F1 of every category, sorted by id."""
    total: Counts = Counter()
    for count in counts:
        total.update(count)
    rows = {}
    for category in sorted({key for measure, key, _ in total if measure == "category"}):
        tp, fp, fn = (total["category", category, outcome] for outcome in ("tp", "fp", "fn"))
        rows[category] = CategoryFigures(_share(tp, fp) or 0.0, _share(tp, fn) or 0.0, _f1(tp, fp, fn), tp + fn)
    return rows
