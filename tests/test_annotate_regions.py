from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotate.parse_regions import Fault, parse_result
from pipeline.annotate.records import Marked, MarkedActor, Part
from pipeline.annotate.regions import Row, Suggested, as_result
from pipeline.errors import AnnotateError
from pipeline.report import ASSERTIONS
from pipeline.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
TEXT = "The ward did not ring.\r\nNo bed was found 🙂 by the Trust.\nRing the family."
NOT_RUNG, NO_BED, RING = (0, 22), (24, 56), (57, 73)
WARD, TRUST = (0, 8), (46, 55)
PART = Part("r1", "ab" * 32, 100, 100 + len(TEXT))
PIECES = ["a", "Trust ", "\r\n", "\n", "\t", " ", "🙂", "👩‍👩‍👧", "e\u0301", "\\n", "&amp;", "<b>", "\u2028", "𝔘"]


def category(key: str, place: tuple[int, int], *names: str, **more: Any) -> Row:
    return row(key, "category", place, labels=list(names), **more)


def assertion(key: str, place: tuple[int, int], *said: str) -> Row:
    return row(key, "assertion", place, choices=list(said))


def actor(key: str, place: tuple[int, int]) -> Row:
    return row(key, "actor", place, labels=["Actor"])


def row(key: str, control: str, place: tuple[int, int], **value: Any) -> Row:
    return {"id": key, "from_name": control, "value": {"start": place[0], "end": place[1], **value}}


def relation(start: str, end: str, *labels: str) -> Row:
    return {"type": "relation", "from_id": start, "to_id": end, "labels": list(labels)}


def finding(key: str, place: tuple[int, int], said: str = "failing", name: str = "Communication gap") -> list[Row]:
    return [category(key, place, name), assertion(key, place, said)]


GOOD = finding("good", NO_BED, name="Bed shortage")
GOOD_MARK = Marked(124, 156, "failing", ("bed_shortage",))


def marks(*rows: Row) -> tuple[Marked, ...]:
    parsed = parse_result(rows, PART, TEXT, TAXONOMY)
    assert parsed.faults == ()
    return parsed.marked


@st.composite
def texts_with_marks(draw: st.DrawFn) -> tuple[str, Part, list[Marked]]:
    text = "x" + "".join(draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=30)))
    start = draw(st.integers(0, 60_000))

    def interval() -> tuple[int, int]:
        begin = draw(st.integers(0, len(text) - 1))
        return start + begin, start + draw(st.integers(begin + 1, len(text)))

    marked = []
    for place in {interval() for _ in range(draw(st.integers(0, 5)))}:
        categories = draw(st.lists(st.sampled_from(TAXONOMY.ids), min_size=1, max_size=3, unique=True))
        places = {interval() for _ in range(draw(st.integers(0, 3)))}
        actors = [MarkedActor(*p, draw(st.sampled_from(["responsible", "addressee"]))) for p in sorted(places)]
        marked.append(Marked(*place, draw(st.sampled_from(ASSERTIONS)), tuple(categories), tuple(actors)))
    return text, Part("r", "0" * 64, start, start + len(text)), marked


@given(texts_with_marks(), st.booleans())
def test_what_is_suggested_comes_back_as_the_same_marks(
    drawn: tuple[str, Part, list[Marked]], written_by_page: bool
) -> None:
    text, part, marked = drawn
    result = as_result([Suggested(m, dict.fromkeys(m.categories, 0.5), 0.9) for m in marked], part, TAXONOMY)
    if written_by_page:
        for value in (each["value"] for each in result if "value" in each):
            words = text[value["start"] : value["end"]]
            value["text"] = words.replace("\r", "\n").replace("\n", "\\n")
    parsed = parse_result(result, part, text, TAXONOMY)
    assert parsed.faults == ()
    assert parsed.marked == tuple(sorted(marked, key=lambda m: (m.start, m.end)))
    for mark in parsed.marked:
        mark.check(part)


def test_a_suggestion_has_one_region_with_categories_assertion_and_scores() -> None:
    marked = Marked(100, 122, "failing", ("communication_gap", "care_delay"), (MarkedActor(100, 108, "responsible"),))
    result = as_result([Suggested(marked, {"communication_gap": 0.91234, "care_delay": 0.4}, 0.97)], PART, TAXONOMY)
    first, said, named, tie = result
    assert first["id"] == said["id"] == tie["from_id"] != named["id"] == tie["to_id"]
    assert (first["score"], said["score"], tie["labels"]) == (0.9123, 0.97, ["responsible"])
    assert first["value"] == {"start": 0, "end": 22, "labels": ["Communication gap", "Care delay"]}
    assert first["meta"] == {"text": ["Communication gap 0.91; Care delay 0.40; failing 0.97"]}
    assert said["value"] == {"start": 0, "end": 22, "choices": ["failing"]}
    assert named["value"] == {"start": 0, "end": 8, "labels": ["Actor"]}


def test_the_same_findings_give_the_same_result() -> None:
    suggested = [Suggested(GOOD_MARK, {"bed_shortage": 0.5}, 0.9)]
    assert as_result(suggested, PART, TAXONOMY) == as_result(suggested, PART, TAXONOMY)


def test_findings_and_actors_that_the_part_does_not_hold_whole_are_left_out() -> None:
    across = Marked(90, 122, "failing", ("policy",))
    outside = replace(GOOD_MARK, actors=(MarkedActor(90, 104, "responsible"), MarkedActor(146, 155, "addressee")))
    result = as_result([Suggested(m, {}, 1.0) for m in (across, outside)], PART, TAXONOMY)
    assert parse_result(result, PART, TEXT, TAXONOMY).marked == (
        replace(GOOD_MARK, actors=(MarkedActor(146, 155, "addressee"),)),
    )


def test_an_actor_of_two_suggestions_is_one_region() -> None:
    ward = (MarkedActor(100, 108, "responsible"),)
    both = [Marked(100, 122, "failing", ("policy",), ward), replace(GOOD_MARK, actors=ward)]
    result = as_result([Suggested(m, {}, 1.0) for m in both], PART, TAXONOMY)
    assert [each["from_name"] for each in result if "from_name" in each].count("actor") == 1
    assert parse_result(result, PART, TEXT, TAXONOMY).marked == tuple(both)


def test_a_suggestion_of_a_category_that_the_taxonomy_lacks_is_refused() -> None:
    strange = Suggested(Marked(100, 122, "failing", ("drift",)), {"drift": 0.9}, 1.0)
    with pytest.raises(AnnotateError, match=r"finding \[100, 122\) of r1 is of drift, which the taxonomy lacks"):
        as_result([strange], PART, TAXONOMY)


UNKNOWN = f"unknown category 'Drift'; known: {', '.join(TAXONOMY.ids)}"
ONE_NEEDED = "exactly one of failing, alleged, recommendation, remedied is needed"
NO_RELATION = "not from a finding to an actor as responsible or addressee"


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ([category("x", RING, "Drift"), assertion("x", RING, "failing")], [("x", UNKNOWN)]),
        ([category("x", RING, "Policy", "Drift"), assertion("x", RING, "failing")], [("x", UNKNOWN)]),
        (finding("x", (57, 999)), [("x", f"region [57, 999) does not fit a text of {len(TEXT)} characters")]),
        (finding("x", (60, 60)), [("x", f"region [60, 60) does not fit a text of {len(TEXT)} characters")]),
        (finding("x", (-1, 5)), [("x", f"region [-1, 5) does not fit a text of {len(TEXT)} characters")]),
        (
            [category("x", (57, 73), "Policy", text="Ring the police."), assertion("x", RING, "failing")],
            [("x", "[57, 73) reads 'Ring the family.', not 'Ring the police.'")],
        ),
        ([{"id": "x", "from_name": "category", "value": None}], [("x", "offsets None to None are not whole numbers")]),
        (finding("x", (True, 5)), [("x", "offsets True to 5 are not whole numbers")]),
        ([category("x", RING, "Policy")], [("x", f"no assertions; {ONE_NEEDED}")]),
        (
            [category("x", RING, "Policy"), assertion("x", RING, "failing", "alleged")],
            [("x", f"2 assertions; {ONE_NEEDED}")],
        ),
        (
            finding("x", RING, "denied"),
            [("x", "unknown assertion 'denied'; valid: failing, alleged, recommendation, remedied")],
        ),
        ([assertion("x", RING, "failing")], [("x", "no category")]),
        (
            [category("x", RING, "Policy"), assertion("x", (57, 70), "failing")],
            [("x", "its rows have different offsets")],
        ),
        (
            [*finding("x", RING), actor("x", RING)],
            [("x", "both a finding and an actor: mark the actor as a region of its own")],
        ),
        (finding("x", NO_BED), [("x", "a second finding on the same words: put its categories on the first one")]),
        ([relation("good", "gone", "addressee")], [("good", f"relation ['addressee'] to gone: {NO_RELATION}")]),
        ([relation("good", "good")], [("good", f"relation [] to good: {NO_RELATION}")]),
        (
            [actor("x", TRUST), relation("good", "x", "victim")],
            [("good", f"relation ['victim'] to x: {NO_RELATION}")],
        ),
        (
            [actor("x", TRUST), relation("good", "x", "addressee", "responsible")],
            [("good", f"relation ['addressee', 'responsible'] to x: {NO_RELATION}")],
        ),
        (
            [actor("x", TRUST), relation("good", "x", "addressee"), relation("x", "good", "responsible")],
            [("x", "both responsible and addressee of good: keep one relation")],
        ),
        ([actor("x", WARD)], [("x", "an actor that is in no finding and related to none")]),
        ([actor("x", (50, 60))], [("x", "an actor that is in no finding and related to none")]),
        ([row("x", "sentiment", RING, choices=["bad"])], [("x", "control 'sentiment' is not one of ours")]),
    ],
)
def test_a_fault_is_reported_by_region_and_nothing_else_is_lost(rows: list[Row], faults: list[tuple[str, str]]) -> None:
    parsed = parse_result([*GOOD, *rows], PART, TEXT, TAXONOMY)
    assert parsed.faults == tuple(Fault(*fault) for fault in faults)
    assert [replace(m, actors=()) for m in parsed.marked] == [GOOD_MARK]


def test_a_faulty_finding_does_not_make_its_actors_faulty() -> None:
    rows = [category("x", NOT_RUNG, "Policy"), actor("a", WARD), relation("x", "a", "responsible")]
    assert [f.region for f in parse_result(rows, PART, TEXT, TAXONOMY).faults] == ["x"]


@pytest.mark.parametrize(
    "words",
    ["The ward did not ring.\\n\\nNo bed", "The ward did not ring.\r\nNo bed", "The ward did not ring.\nNo bed"],
)
def test_line_ends_as_the_page_writes_them_are_accepted(words: str) -> None:
    rows = [category("x", (0, 30), "Policy", text=words), assertion("x", (0, 30), "failing")]
    assert marks(*rows) == (Marked(100, 130, "failing", ("policy",)),)


def test_categories_may_be_given_by_id_and_count_once() -> None:
    rows = [category("x", RING, "policy", "Training", "Policy"), assertion("x", RING, "recommendation")]
    assert marks(*rows) == (Marked(157, 173, "recommendation", ("policy", "training")),)


@pytest.mark.parametrize(
    ("said", "ties", "role"),
    [
        ("failing", [relation("f", "a", "addressee")], "addressee"),
        ("failing", [relation("a", "f", "addressee")], "addressee"),
        ("failing", [relation("f", "a")], "responsible"),
        ("alleged", [], "responsible"),
        ("recommendation", [relation("f", "a")], "addressee"),
        ("recommendation", [relation("a", "f")], "addressee"),
        ("recommendation", [relation("f", "a", "responsible")], "responsible"),
        ("recommendation", [], "addressee"),
        ("failing", [relation("f", "a"), relation("f", "a", "addressee")], "addressee"),
    ],
)
def test_an_actor_has_the_role_of_its_relation_else_that_which_the_assertion_makes_usual(
    said: str, ties: list[Row], role: Any
) -> None:
    found = marks(*ties, actor("a", TRUST), *finding("f", NO_BED, said))
    assert [m.actors for m in found] == [(MarkedActor(146, 155, role),)]


def test_an_actor_may_belong_to_two_findings_and_stand_outside_both() -> None:
    ties = [relation("f", "a", "responsible"), relation("g", "a", "addressee")]
    found = marks(*finding("f", NO_BED), *finding("g", RING, "recommendation"), actor("a", WARD), *ties)
    assert [m.actors for m in found] == [(MarkedActor(100, 108, "responsible"),), (MarkedActor(100, 108, "addressee"),)]


def test_an_actor_without_a_relation_belongs_to_the_shortest_finding_around_it() -> None:
    found = marks(*finding("long", (0, 56)), *finding("short", NO_BED), actor("a", TRUST))
    assert [(m.start, m.end, len(m.actors)) for m in found] == [(100, 156, 0), (124, 156, 1)]


@pytest.mark.parametrize(
    ("value", "ticked"),
    [({"choices": ["I have read all of this part"]}, True), ({"choices": []}, False), (None, False)],
)
def test_the_tick_says_that_all_was_read(value: Mapping[str, Any] | None, ticked: bool) -> None:
    parsed = parse_result([{"id": "t", "from_name": "fully_read", "value": value}], PART, TEXT, TAXONOMY)
    assert (parsed.fully_read, parsed.marked, parsed.faults) == (ticked, (), ())


@pytest.mark.parametrize("text", ["One.\nTwo.", ["One.", "Two."]])
def test_a_comment_is_read(text: Any) -> None:
    rows = [{"id": "c", "from_name": "comment", "value": {"text": text}}]
    assert parse_result(rows, PART, TEXT, TAXONOMY).comment == "One.\nTwo."


def test_no_result_says_nothing() -> None:
    parsed = parse_result([], PART, TEXT, TAXONOMY)
    assert (parsed.marked, parsed.fully_read, parsed.comment, parsed.faults) == ((), False, "", ())
