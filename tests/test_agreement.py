"""Agreement between annotators, on examples that are counted by hand: passages of ten characters each."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import krippendorff
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.annotate.agreement import Agreement, CategoryAgreement, PairAgreement, agreement, agreement_lines
from pipeline.annotate.agreement_counts import matches
from pipeline.annotate.disagreements import Confused, count_kinds, disagreements, most_confused
from pipeline.annotate.double_reading import Said, doubly_read, said_of
from pipeline.annotate.records import Marked, MarkedActor, Part, Reading
from pipeline.classify.evaluate import Figure, falls_on, overlap
from pipeline.errors import OffsetError
from pipeline.report import ASSERTIONS, Assertion, Passage
from pipeline.taxonomy import Category, Taxonomy

LENGTH = 60
PASSAGES = tuple(Passage(start, start + 10) for start in range(0, LENGTH, 10))
TEXT = "".join(f"{chr(0x1F600 + i)} words {i}." for i in range(6))
TAXONOMY = Taxonomy(tuple(Category(c, c.title(), False, "") for c in ("gap", "bed", "delay", "force")))


def passages_of(text_sha256: str) -> tuple[Passage, ...]:
    return PASSAGES


def text_of(text_sha256: str) -> str:
    return TEXT


def part(report: str = "one", start: int = 0, end: int = LENGTH) -> Part:
    return Part(report, f"sha256 of {report}", start, end)


def mark(
    start: int,
    end: int,
    *categories: str,
    assertion: Assertion = "failing",
    actors: Sequence[tuple[int, int]] = (),
) -> Marked:
    return Marked(start, end, assertion, categories, tuple(MarkedActor(*a, "responsible") for a in actors))


def reading(annotator: str, *marked: Marked, of: Part | None = None, **other: object) -> Reading:
    made = Reading(of or part(), annotator, "2026-11-26T10:00:00Z", marked, fully_read=True)
    return replace(made, **other)  # type: ignore[arg-type]


ANN = reading(
    "ann",
    mark(0, 10, "gap", actors=[(0, 3)]),
    mark(10, 20, "gap", "delay", actors=[(10, 12)]),
    mark(20, 30, "bed"),
    mark(40, 50, "delay", assertion="recommendation"),
)
BEN = reading(
    "ben",
    mark(0, 10, "gap", actors=[(1, 4)]),
    mark(12, 20, "gap", assertion="alleged"),
    mark(30, 40, "bed", assertion="recommendation"),
    mark(40, 44, "bed", assertion="recommendation"),
)


def only(value: float | None) -> Figure:
    return Figure(None if value is None else pytest.approx(value), None, None)  # type: ignore[arg-type]


def measure(*readings: Reading, **other: int) -> Agreement:
    return agreement(readings, passages_of, **other)


def test_every_figure_of_two_readings_counted_by_hand() -> None:
    """Findings: ann on passages 0, 1, 2, 4 and ben on 0, 1, 3, 4, so 12 values: 8 yes, 4 no."""
    assert measure(ANN, BEN) == Agreement(
        annotators=("ann", "ben"),
        reports=1,
        parts=1,
        passages=6,
        sentence_f1=only(0.75),  # both on 3, one alone on 2: 2*3 / (2*3 + 2)
        category_f1=only(
            4 / 9
        ),  # both gap on 0 and 1; alone: delay on 1, bed on 2 and 3, delay and bed on 4: 2*2 / (2*2 + 5)
        exact_span_f1=only(0.25),  # [0, 10) of 4 and 4: 2*1 / 8
        partial_span_f1=only(0.75),  # and [10, 20) with [12, 20), [40, 50) with [40, 44): 2*3 / 8
        finding_alpha=only(0.3125),  # passages 2 and 3 differ, 2 cells each: 1 - (12-1)*4 / (12*12 - 8*8 - 4*4)
        assertion_agreement=only(2 / 3),  # on 0 and 4, not on 1
        assertion_alpha=only(6 / 11),  # 3 failing, 1 alleged, 2 recommendation: 1 - (6-1)*2 / (36 - 9 - 1 - 4)
        actor_f1=only(2 / 3),  # [0, 3) with [1, 4); [10, 12) alone: 2*1 / (2*1 + 1)
        by_category={
            "bed": CategoryAgreement(3, only(-2 / 9)),  # 3 yes, 9 no, 3 passages differ: 1 - 11*6 / (144 - 9 - 81)
            "delay": CategoryAgreement(2, only(-0.1)),  # 2 yes, 10 no, 2 passages differ: 1 - 11*4 / (144 - 4 - 100)
            "gap": CategoryAgreement(2, only(1.0)),  # 4 yes, 8 no, none differ
        },
        pairs=(PairAgreement(("ann", "ben"), 1, 0.75, pytest.approx(4 / 9)),),  # type: ignore[arg-type]
    )


def test_three_annotators_are_pooled_over_their_pairs_and_alpha_weighs_a_passage_by_its_coders() -> None:
    """On passage 0 ann and ben yes, cy no; on 1 all yes; on 2 to 5 none: 18 values, 5 yes, 13 no."""
    ann = reading("ann", mark(0, 10, "gap"), mark(10, 20, "gap"))
    measured = measure(ann, replace(ann, annotator="ben"), reading("cy", mark(10, 20, "gap")))
    assert measured.sentence_f1 == only(0.8)  # pairs: 2, 1, 1 the same and 0, 1, 1 alone: 2*4 / (2*4 + 2)
    assert measured.finding_alpha == only(1 - 17 * 2 / (324 - 25 - 169))  # passage 0: (9 - 4 - 1) / (3 - 1) = 2
    assert [(p.annotators, p.parts, p.sentence_f1) for p in measured.pairs] == [
        (("ann", "ben"), 1, 1.0),
        (("ann", "cy"), 1, pytest.approx(2 / 3)),
        (("ben", "cy"), 1, pytest.approx(2 / 3)),
    ]


def test_an_annotator_who_did_not_read_a_part_is_missing_there_and_not_a_no() -> None:
    first, second = part(end=30), part(start=30)
    measured = measure(
        reading("ann", mark(0, 10, "gap"), of=first),
        reading("ben", mark(0, 10, "gap"), of=first),
        reading("ben", mark(30, 40, "gap"), of=second),
        reading("cy", of=second),
    )
    assert (measured.parts, measured.passages) == (2, 6)
    assert measured.finding_alpha == only(1 - 11 * 2 / (144 - 9 - 81))  # 12 values: 3 yes, 9 no; passage 3 differs
    assert measured.sentence_f1 == only(2 / 3)
    assert [(p.annotators, p.parts, p.sentence_f1) for p in measured.pairs] == [
        (("ann", "ben"), 1, 1.0),
        (("ben", "cy"), 1, 0.0),
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"fully_read": False},
        {"is_final": True},
        {"annotator": "ann"},
        {"part": part(end=50)},
        {"part": part("two")},
        {"part": replace(part(), text_sha256="of another text")},
    ],
    ids=str,
)
def test_only_parts_that_two_annotators_read_whole_are_measured(other: dict[str, object]) -> None:
    measured = measure(ANN, replace(BEN, **other))  # type: ignore[arg-type]
    assert (measured.annotators, measured.parts, measured.sentence_f1) == ((), 0, Figure(None, None, None))
    assert list(agreement_lines(measured, TAXONOMY)) == ["No part has been read whole by two annotators."]


def test_the_latest_of_an_annotators_readings_of_a_part_counts() -> None:
    later = replace(BEN, marked=ANN.marked, when="2026-11-27T10:00:00Z")
    assert measure(ANN, BEN, later).exact_span_f1 == measure(later, ANN, BEN).exact_span_f1 == only(1.0)


def test_passages_that_do_not_lie_whole_in_the_part_are_not_measured() -> None:
    slice_ = part(start=5, end=35)
    assert [each.passages for each in doubly_read([reading(a, of=slice_) for a in "ab"], passages_of)] == [
        (Passage(10, 20), Passage(20, 30))
    ]


def test_the_passages_of_a_text_are_asked_for_once() -> None:
    asked: list[str] = []
    parts = [part(end=30), part(start=30), part("two")]
    agreement([reading(a, of=p) for a in "ab" for p in parts], lambda key: asked.append(key) or PASSAGES, samples=1)
    assert asked == ["sha256 of one", "sha256 of two"]


def test_alpha_is_undefined_where_only_one_value_occurs() -> None:
    nothing = measure(reading("ann"), reading("ben"))
    assert (nothing.finding_alpha, nothing.assertion_alpha, nothing.by_category) == (only(None), only(None), {})
    assert (nothing.sentence_f1, nothing.exact_span_f1, nothing.actor_f1) == (only(None), only(None), only(None))
    everything = measure(*(reading(a, mark(0, LENGTH, "gap")) for a in ("ann", "ben")))
    assert (everything.finding_alpha, everything.assertion_alpha) == (only(None), only(None))
    assert everything.by_category == {"gap": CategoryAgreement(6, only(None))}
    assert (everything.sentence_f1, everything.assertion_agreement) == (only(1.0), only(1.0))


def test_annotators_who_never_mark_the_same_have_an_f1_of_nought() -> None:
    measured = measure(reading("ann", mark(0, 10, "gap")), reading("ben", mark(10, 20, "gap")))
    assert (measured.sentence_f1, measured.partial_span_f1) == (only(0.0), only(0.0))
    assert (measured.assertion_agreement, measured.actor_f1) == (only(None), only(None))


def test_a_passage_has_the_categories_of_all_marks_on_it_and_the_assertion_of_the_one_that_covers_most() -> None:
    marks = (
        mark(0, 4, "gap", assertion="alleged", actors=[(30, 33)]),
        mark(4, 16, "delay", "gap", actors=[(4, 6), (30, 33)]),
        mark(8, 30, "bed", assertion="remedied"),
    )
    assert said_of(PASSAGES[0], marks, annotator="ann") == Said(
        "ann", "failing", ("gap", "delay"), ((0, 4), (4, 16)), ((4, 6), (30, 33))
    )
    assert said_of(PASSAGES[4], marks, annotator="ann") == Said("ann")


@pytest.mark.parametrize(
    ("ones", "others", "expected"),
    [
        ([(0, 10)], [(0, 10)], 1),
        ([(0, 10)], [(5, 20)], 1),
        ([(0, 10)], [(6, 20)], 0),
        ([(0, 10)], [(10, 20)], 0),
        ([(0, 30)], [(0, 10), (10, 20), (20, 30)], 1),
        ([(0, 20), (20, 26)], [(5, 23)], 1),
        ([(0, 10), (0, 12)], [(0, 10), (0, 12)], 2),
        ([], [(0, 10)], 0),
    ],
)
def test_marks_pair_one_to_one_where_half_of_either_lies_in_the_other(
    ones: list[tuple[int, int]], others: list[tuple[int, int]], expected: int
) -> None:
    assert matches(ones, others, fits=falls_on) == matches(others, ones, fits=falls_on) == expected


def test_the_largest_overlap_pairs_off_first_even_if_fewer_pairs_are_left() -> None:
    assert matches([(0, 20), (20, 26)], [(0, 5), (5, 23)], fits=falls_on) == 1


def test_an_actor_does_not_stand_for_two() -> None:
    measured = measure(
        reading("ann", mark(0, 10, "gap", actors=[(0, 9)])),
        reading("ben", mark(0, 10, "gap", actors=[(0, 3), (4, 9)])),
    )
    assert measured.actor_f1 == only(2 / 3)


def reports(number: int) -> list[Reading]:
    """Readings of as many reports; on every third ann and ben agree in all."""
    return [
        replace(r, part=part(f"report {i:02}"), marked=ANN.marked if i % 3 == 0 else r.marked)
        for i in range(number)
        for r in (ANN, BEN)
    ]


def test_intervals_are_over_reports_and_hold_the_value() -> None:
    measured = measure(*reports(12), seed=3)
    assert (measured.reports, measured.sentence_f1.value) == (12, pytest.approx((8 * 6 + 4 * 8) / (12 * 8)))
    for each in (measured.sentence_f1, measured.finding_alpha, measured.by_category["bed"].alpha):
        assert each.value is not None
        assert each.low is not None
        assert each.high is not None
        assert each.low < each.value < each.high


def test_reports_that_are_all_alike_have_intervals_of_no_width() -> None:
    alike = [replace(r, part=part(f"report {i}")) for i in range(4) for r in (ANN, BEN)]
    assert measure(*alike).sentence_f1 == Figure(0.75, 0.75, 0.75)


def test_intervals_follow_from_the_seed_alone() -> None:
    readings = reports(12)
    assert measure(*readings, seed=5) == measure(*readings, seed=5)
    assert measure(*readings, seed=5).finding_alpha != measure(*readings, seed=6).finding_alpha
    assert measure(*readings, seed=5).finding_alpha.value == measure(*readings, seed=6).finding_alpha.value


def test_a_single_report_has_no_interval() -> None:
    assert measure(ANN, BEN, samples=100).sentence_f1 == Figure(0.75, None, None)


def test_all_of_it_goes_out_as_json() -> None:
    row = json.loads(json.dumps(measure(ANN, BEN).as_json()))
    assert row["sentence_f1"] == {"value": 0.75, "low": None, "high": None}
    assert row["by_category"]["gap"] == {"passages": 2, "alpha": {"value": 1.0, "low": None, "high": None}}
    assert row["pairs"] == [
        {"annotators": ["ann", "ben"], "parts": 1, "sentence_f1": 0.75, "category_f1": pytest.approx(4 / 9)}
    ]


def test_the_table_has_every_figure_and_the_categories_of_the_taxonomy_before_others() -> None:
    other = replace(BEN, marked=(*BEN.marked, mark(50, 60, "own")))
    assert list(agreement_lines(measure(ANN, other), TAXONOMY)) == [
        "Read whole by at least two of 2 annotators: parts 1, reports 1, sentences 6",
        "",
        "                               value  95% interval",
        "Findings (F1)                   0.67  -               where one calls a sentence a finding, how often another does too",
        "Categories (F1)                 0.40  -               where one gives a sentence a category, how often another does too",
        "Exact marks (F1)                0.22  -               where one marks words, how often another marks just these",
        "Overlapping marks (F1)          0.67  -               the same, or half of the one's mark or of the other's is in both",
        "Actors (F1)                     0.67  -               where one names an actor of a finding of both, how often the other does too",
        "Same assertion                  0.67  -               how often they put what both call a finding in the same way",
        "Findings (alpha)               -0.22  -               whether a sentence is a finding, beyond chance",
        "Assertion (alpha)               0.55  -               how it is put, beyond chance",
        "",
        "Category                       alpha  95% interval    sentences that anybody put under it",
        "Gap                             1.00  -               2",
        "Bed                            -0.22  -               3",
        "Delay                          -0.10  -               2",
        "Force                              -  -               0",
        "own                             0.00  -               1",
        "Alpha: 1 is full agreement, 0 what chance gives. Krippendorff asks for 0.8, or 0.667 for tentative conclusions.",
        "",
        "Annotators                     parts  findings (F1)  categories (F1)",
        "ann and ben                        1           0.67             0.40",
    ]  # fmt: skip


def test_disagreements_come_hardest_first_and_of_equals_those_on_the_rarest_category() -> None:
    """On passages: bed 2, 3, 4; delay 1, 4; gap 0, 1. Passage 0 and 5 are agreed on."""
    found = disagreements([ANN, BEN], passages_of, text_of)
    assert [(d.start, d.kinds, d.difficulty, d.contested) for d in found] == [
        (20, ("finding",), 1.0, ("bed",)),
        (30, ("finding",), 1.0, ("bed",)),
        (10, ("categories", "assertion"), 0.75, ("delay",)),  # half of 1 of 2 categories, and half for the assertion
        (40, ("categories",), 0.5, ("bed", "delay")),  # half of 2 of 2 categories
    ]
    assert found[2].said == (
        Said("ann", "failing", ("gap", "delay"), ((10, 20),), ((10, 12),)),
        Said("ben", "alleged", ("gap",), ((12, 20),)),
    )
    assert (found[2].report_id, found[2].part, found[2].quote) == ("one", part(), TEXT[10:20])
    rare = replace(BEN, marked=(*BEN.marked, mark(50, 60, "force")))
    assert [d.start for d in disagreements([ANN, rare], passages_of, text_of)] == [50, 20, 30, 10, 40]


def test_rarity_is_that_of_contested_categories_in_passages() -> None:
    """Contested on 0: delay, on three passages; on 10: bed, on two. Force and gap are on one, and agreed on."""
    ann = reading(
        "ann", mark(0, 10, "force", "delay"), mark(10, 20, "gap", "bed"), mark(20, 30, "bed"), mark(40, 60, "delay")
    )
    ben = reading("ben", mark(0, 10, "force"), mark(10, 20, "gap"), mark(20, 30, "bed"))
    found = disagreements([ann, ben], passages_of, text_of)
    assert [(d.start, d.difficulty) for d in found] == [(40, 1.0), (50, 1.0), (10, 0.25), (0, 0.25)]


def test_a_majority_makes_a_passage_easier() -> None:
    readings = [reading(a, *([mark(0, 10, "gap")] if a != "cy" else [])) for a in ("ann", "ben", "cy")]
    assert [d.difficulty for d in disagreements(readings, passages_of, text_of)] == [2 / 3]


def test_kinds_are_counted_over_passages_and_boundaries_only_where_all_else_is_agreed_on() -> None:
    assert count_kinds([ANN, BEN], passages_of) == {"finding": 2, "categories": 2, "assertion": 1, "boundaries": 0}
    shorter = [reading("ann", mark(0, 10, "gap")), reading("ben", mark(2, 9, "gap"))]
    assert count_kinds(shorter, passages_of) == {"finding": 0, "categories": 0, "assertion": 0, "boundaries": 1}
    assert disagreements(shorter, passages_of, text_of) == ()


def test_the_order_in_which_categories_were_given_is_no_disagreement() -> None:
    readings = [reading("ann", mark(0, 10, "gap", "bed")), reading("ben", mark(0, 10, "bed", "gap"))]
    assert disagreements(readings, passages_of, text_of) == ()


def test_categories_are_confused_where_each_has_one_that_the_other_lacks() -> None:
    ann = reading("ann", mark(0, 10, "gap"), mark(10, 20, "gap"), mark(20, 30, "bed", "gap"), mark(30, 40, "bed"))
    ben = reading("ben", mark(0, 10, "bed"), mark(10, 20, "delay"), mark(20, 30, "bed"), mark(30, 40, "gap"))
    found = disagreements([ann, ben], passages_of, text_of)
    assert most_confused(found) == (Confused("bed", "gap", 2), Confused("delay", "gap", 1))


def test_a_passage_is_confused_once_however_many_annotators_do_it() -> None:
    ann = reading("ann", mark(0, 10, "gap"))
    readings = [ann, replace(ann, annotator="ben"), reading("cy", mark(0, 10, "bed"))]
    assert most_confused(disagreements(readings, passages_of, text_of)) == (Confused("bed", "gap", 1),)


def test_passages_of_another_text_are_refused() -> None:
    with pytest.raises(OffsetError, match=r"one: passage \[20, 30\) does not fit a text of 25 characters"):
        disagreements([ANN, BEN], passages_of, lambda _: TEXT[:25])


@st.composite
def marked(draw: st.DrawFn) -> tuple[Marked, ...]:
    """Marks anywhere in the text, each interval once, in order."""
    places = draw(st.sets(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 25)), max_size=6))
    spans = sorted({(start, min(LENGTH, start + length)) for start, length in places})
    return tuple(
        mark(
            *span,
            *draw(st.lists(st.sampled_from(TAXONOMY.ids), min_size=1, max_size=3, unique=True)),
            assertion=draw(st.sampled_from(ASSERTIONS)),
            actors=draw(st.lists(st.sampled_from([(0, 5), (3, 8), (20, 30), (25, 27)]), max_size=2, unique=True)),
        )
        for span in spans
    )


@st.composite
def read(draw: st.DrawFn, annotators: str = "abcd") -> list[Reading]:
    """Readings of some of six parts by some of the annotators, each part once by each at most."""
    found = []
    for report in ("one", "two", "three"):
        for start in (0, 30):
            for annotator in draw(st.sets(st.sampled_from(annotators))):
                inside = tuple(m for m in draw(marked()) if start <= m.start and m.end <= start + 30)
                found.append(reading(annotator, *inside, of=part(report, start, start + 30)))
    return found


def values_of(measured: Agreement) -> list[Figure]:
    named = (
        measured.sentence_f1, measured.category_f1, measured.exact_span_f1, measured.partial_span_f1, measured.actor_f1,
        measured.finding_alpha, measured.assertion_agreement, measured.assertion_alpha,
    )  # fmt: skip
    return [*named, *(row.alpha for row in measured.by_category.values())]


@settings(deadline=None, max_examples=60)
@given(read("a"), st.integers(2, 4))
def test_identical_readings_agree_in_full_wherever_that_is_defined(readings: list[Reading], annotators: int) -> None:
    alike = [replace(r, annotator=name) for r in readings for name in "abcd"[:annotators]]
    measured = measure(*alike, samples=20)
    assert {each.value for each in values_of(measured)} <= {1.0, None}
    assert {each.low for each in values_of(measured)} <= {1.0, None}
    assert {p.sentence_f1 for p in measured.pairs} <= {1.0, None}
    assert (measured.sentence_f1.value is None) == (not any(s.is_finding for s in all_said(alike)))
    assert disagreements(alike, passages_of, text_of) == ()
    assert sum(count_kinds(alike, passages_of).values()) == 0


def all_said(readings: Sequence[Reading]) -> list[Said]:
    return [said for each in doubly_read(readings, passages_of) for row in each.said for said in row]


@settings(deadline=None, max_examples=60)
@given(read("ab"))
def test_swapping_two_annotators_changes_nothing(readings: list[Reading]) -> None:
    swapped = [replace(r, annotator="b" if r.annotator == "a" else "a") for r in readings]
    assert measure(*swapped, samples=20) == measure(*readings, samples=20)
    places = [
        [(d.start, d.kinds, d.difficulty) for d in disagreements(each, passages_of, text_of)]
        for each in (readings, swapped)
    ]
    assert places[0] == places[1]


@settings(deadline=None, max_examples=60)
@given(read().flatmap(lambda readings: st.tuples(st.just(readings), st.permutations(readings))))
def test_the_order_of_readings_changes_nothing(both: tuple[list[Reading], list[Reading]]) -> None:
    readings, shuffled = both
    assert measure(*shuffled, samples=20) == measure(*readings, samples=20)
    assert disagreements(shuffled, passages_of, text_of) == disagreements(readings, passages_of, text_of)
    assert count_kinds(shuffled, passages_of) == count_kinds(readings, passages_of)


@settings(deadline=None, max_examples=60)
@given(read())
def test_alpha_is_that_of_the_krippendorff_package(readings: list[Reading]) -> None:
    measured = measure(*readings, samples=1)
    assert measured.finding_alpha.value == from_package(readings, lambda marks: str(bool(marks)))
    assert measured.assertion_alpha.value == from_package(
        readings, lambda marks: max(marks, key=lambda m: m[0])[1].assertion if marks else None
    )
    for category, row in measured.by_category.items():
        expected = from_package(readings, lambda marks, c=category: str(any(c in m.categories for _, m in marks)))
        assert row.alpha.value == expected


def from_package(readings: Sequence[Reading], value: Callable[[list[tuple[int, Marked]]], str | None]) -> object:
    """Alpha from a table of passages by annotators; `value` makes a cell of the marks on a passage with their overlap."""
    table: dict[tuple[Part, int], dict[str, str]] = {}
    for r in readings:
        for p in PASSAGES:
            if r.part.start <= p.start and p.end <= r.part.end:
                on = [(overlap((m.start, m.end), (p.start, p.end)), m) for m in r.marked]
                cell = value([(shared, m) for shared, m in on if falls_on((m.start, m.end), (p.start, p.end))])
                table.setdefault((r.part, p.start), {}).update({r.annotator: cell} if cell else {})
    units = [list(row.values()) for row in table.values() if len(row) >= 2]
    domain = sorted({v for row in units for v in row})
    if len(domain) < 2:
        return None
    counts = [[row.count(v) for v in domain] for row in units]
    return pytest.approx(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"), abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(read())
def test_every_disagreement_has_the_words_at_its_place_and_differs_in_what_it_says(readings: list[Reading]) -> None:
    found = disagreements(readings, passages_of, text_of)
    for each in found:
        assert TEXT[each.start : each.end] == each.quote
        assert each.part.start <= each.start < each.end <= each.part.end
        assert len({(s.assertion, frozenset(s.categories)) for s in each.said}) > 1
        assert 0 < each.difficulty <= 1
    assert [d.difficulty for d in found] == sorted((d.difficulty for d in found), reverse=True)
    assert len({(d.report_id, d.start) for d in found}) == len(found)
