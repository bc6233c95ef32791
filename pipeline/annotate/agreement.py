"""How far annotators agree who read the same parts of reports."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import combinations, groupby
from typing import Any

from pipeline.annotate.agreement_counts import count_report
from pipeline.annotate.double_reading import PassagesOf, doubly_read
from pipeline.annotate.records import Reading
from pipeline.annotate.resampling import Totals, Values, f1, figure, nominal_alpha, ratio, totals
from pipeline.classify.evaluate import Figure
from pipeline.report import ASSERTIONS
from pipeline.taxonomy import Taxonomy

MEANINGS = {
    "sentence_f1": ("Findings (F1)", "where one calls a sentence a finding, how often another does too"),
    "category_f1": ("Categories (F1)", "where one gives a sentence a category, how often another does too"),
    "exact_span_f1": ("Exact marks (F1)", "where one marks words, how often another marks just these"),
    "partial_span_f1": ("Overlapping marks (F1)", "the same, or half of the one's mark or of the other's is in both"),
    "actor_f1": ("Actors (F1)", "where one names an actor of a finding of both, how often the other does too"),
    "assertion_agreement": ("Same assertion", "how often they put what both call a finding in the same way"),
    "finding_alpha": ("Findings (alpha)", "whether a sentence is a finding, beyond chance"),
    "assertion_alpha": ("Assertion (alpha)", "how it is put, beyond chance"),
}
ALPHA = (
    "Alpha: 1 is full agreement, 0 what chance gives. Krippendorff asks for 0.8, or 0.667 for tentative conclusions."
)


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two annotators on the `parts` that both read; None where neither marked anything."""

    annotators: tuple[str, str]
    parts: int
    sentence_f1: float | None
    category_f1: float | None


@dataclass(frozen=True, slots=True)
class CategoryAgreement:
    """Alpha on whether a passage is about a category; `passages` is how many any annotator put under it."""

    passages: int
    alpha: Figure


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on the parts that two or more annotators read whole; a figure's value is None where it is undefined.

    `sentence_f1` is on which passages are findings, `category_f1` on passages with their categories, the span figures on the marks
    themselves whatever their categories. Assertions and actors are compared on passages that both annotators call findings; actors
    agree when they share a character, whatever their role. Intervals are None where there is only one report.
    """

    annotators: tuple[str, ...]
    reports: int
    parts: int
    passages: int
    sentence_f1: Figure
    category_f1: Figure
    exact_span_f1: Figure
    partial_span_f1: Figure
    finding_alpha: Figure
    assertion_agreement: Figure
    assertion_alpha: Figure
    actor_f1: Figure
    by_category: Mapping[str, CategoryAgreement]
    pairs: tuple[PairAgreement, ...]

    def as_json(self) -> dict[str, Any]:
        """All of it as dictionaries, tuples and plain values."""
        return asdict(self)


def agreement(readings: Iterable[Reading], passages_of: PassagesOf, *, samples: int = 500, seed: int = 0) -> Agreement:
    """Measure agreement; `passages_of` gives the passages of a text by its SHA-256. Intervals are from `samples` draws of reports."""
    parts = doubly_read(readings, passages_of)
    counts = [count_report(group) for _, group in groupby(parts, key=lambda each: each.part.report_id)]
    total = totals(counts, samples=samples, seed=seed)
    annotators = tuple(sorted({r.annotator for each in parts for r in each.readings}))
    return Agreement(
        annotators=annotators,
        reports=len(counts),
        parts=len(parts),
        passages=sum(len(each.passages) for each in parts),
        sentence_f1=figure(f1(total, "sentence")),
        category_f1=figure(f1(total, "category")),
        exact_span_f1=figure(f1(total, "exact_span")),
        partial_span_f1=figure(f1(total, "partial_span")),
        finding_alpha=figure(_yes_alpha(total, "finding_alpha", "any")),
        assertion_agreement=figure(ratio(total.of("assertion", "same"), total.of("assertion", "pairs"))),
        assertion_alpha=figure(_assertion_alpha(total)),
        actor_f1=figure(f1(total, "actor")),
        by_category={c: _category(total, c) for c in total.about("category_alpha", "yes")},
        pairs=tuple(_pair(total, *pair) for pair in combinations(annotators, 2) if total.of("parts", "both", *pair)[0]),
    )


def _yes_alpha(total: Totals, measure: str, about: str) -> Values:
    yes = total.of(measure, "yes", about)
    return nominal_alpha(total.of(measure, "differ", about), (total.of("coded", "values") - yes, yes))


def _assertion_alpha(total: Totals) -> Values:
    values = [total.of("assertion_alpha", "value", assertion) for assertion in ASSERTIONS]
    return nominal_alpha(total.of("assertion_alpha", "differ"), values)


def _category(total: Totals, category: str) -> CategoryAgreement:
    passages = int(total.of("category", "passages", category)[0])
    return CategoryAgreement(passages, figure(_yes_alpha(total, "category_alpha", category)))


def _pair(total: Totals, first: str, second: str) -> PairAgreement:
    pair = (first, second)
    figures = (figure(f1(total, measure, *pair)).value for measure in ("sentence", "category"))
    return PairAgreement(pair, int(total.of("parts", "both", *pair)[0]), *figures)


def agreement_lines(measured: Agreement, taxonomy: Taxonomy) -> Iterator[str]:
    """The figures as a table for the terminal; "-" is for a figure that is undefined."""
    if not measured.parts:
        yield "No part has been read whole by two annotators."
        return
    yield (
        f"Read whole by at least two of {len(measured.annotators)} annotators:"
        f" parts {measured.parts}, reports {measured.reports}, sentences {measured.passages}"
    )
    yield ""
    yield f"{'':30} value  95% interval"
    for name, (title, meaning) in MEANINGS.items():
        yield f"{title:30} {_figure(getattr(measured, name))}  {meaning}"
    yield ""
    yield from _category_lines(measured.by_category, taxonomy)
    yield ""
    yield from _pair_lines(measured.pairs)


def _category_lines(by_category: Mapping[str, CategoryAgreement], taxonomy: Taxonomy) -> Iterator[str]:
    yield f"{'Category':30} {'alpha':>5}  {'95% interval':14}  sentences that anybody put under it"
    names = {c.id: c.name for c in taxonomy.categories} | {c: c for c in by_category if c not in taxonomy.ids}
    nothing = CategoryAgreement(0, Figure(None, None, None))
    for category, name in names.items():
        row = by_category.get(category, nothing)
        yield f"{name:30} {_figure(row.alpha)}  {row.passages}"
    yield ALPHA


def _pair_lines(pairs: Iterable[PairAgreement]) -> Iterator[str]:
    rows = [(" and ".join(p.annotators), p) for p in pairs]
    width = max(30, *(len(names) for names, _ in rows))
    yield f"{'Annotators':{width}} {'parts':>5}  findings (F1)  categories (F1)"
    for names, pair in rows:
        yield f"{names:{width}} {pair.parts:>5}  {_number(pair.sentence_f1):>13}  {_number(pair.category_f1):>15}"


def _figure(figure_: Figure) -> str:
    interval = "-" if figure_.low is None else f"{_number(figure_.low)} to {_number(figure_.high)}"
    return f"{_number(figure_.value):>5}  {interval:14}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
