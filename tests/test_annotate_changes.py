from typing import Any

import pytest

from pipeline.annotate.changes import Change, changes, count_changes
from pipeline.annotate.records import Marked, MarkedActor, Part, Reading

PART = Part("r1", "ab" * 32, 0, 1000)
TRUST = MarkedActor(2, 6, "responsible")


def mark(start: int, end: int, *categories: str, said: Any = "failing", actors: tuple[MarkedActor, ...] = ()) -> Marked:
    return Marked(start, end, said, categories or ("policy",), actors)


def reading(before: list[Marked], after: list[Marked], *, model: str | None = "m1", is_final: bool = False) -> Reading:
    return Reading(
        PART, "a@x.org", "2024-01-01T00:00:00Z", tuple(after), True,
        predicted=tuple(before), model=model, is_final=is_final,
    )  # fmt: skip


BEFORE = mark(0, 20, "policy", "training")


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        (BEFORE, "kept"),
        (mark(0, 20, "training", "policy"), "kept"),
        (mark(0, 12, "policy", "training"), "moved"),
        (mark(15, 19, "policy", "training"), "moved"),
        (mark(0, 20, "policy"), "relabelled"),
        (mark(0, 20, "policy", "training", said="alleged"), "relabelled"),
        (mark(0, 20, "policy", "training", actors=(TRUST,)), "relabelled"),
        (mark(1, 20, "staffing"), "moved and relabelled"),
    ],
)
def test_a_mark_on_the_words_of_a_suggestion_is_that_one_changed(after: Marked, kind: Any) -> None:
    assert changes(reading([BEFORE], [after])) == (Change(kind, BEFORE, after),)


def test_an_actor_of_another_role_is_relabelled() -> None:
    before, after = mark(0, 20, actors=(TRUST,)), mark(0, 20, actors=(MarkedActor(2, 6, "addressee"),))
    assert [c.kind for c in changes(reading([before], [after]))] == ["relabelled"]


def test_what_has_no_partner_was_added_or_removed_in_text_order() -> None:
    gone, new = mark(50, 60), mark(30, 40)
    assert changes(reading([BEFORE, gone], [BEFORE, new])) == (
        Change("kept", BEFORE, BEFORE),
        Change("added", None, new),
        Change("removed", gone, None),
    )


def test_a_mark_that_shares_less_than_half_of_either_is_another_one() -> None:
    before, after = mark(0, 20), mark(11, 31)
    assert [c.kind for c in changes(reading([before], [after]))] == ["removed", "added"]


def test_pairs_are_one_to_one_and_the_same_words_come_first() -> None:
    whole, half, rest = mark(0, 100), mark(0, 60), mark(60, 100)
    assert changes(reading([whole], [half, rest])) == (Change("moved", whole, half), Change("added", None, rest))
    assert changes(reading([whole, half], [half])) == (
        Change("kept", half, half),
        Change("removed", whole, None),
    )


def test_changes_are_counted_by_kind_in_order() -> None:
    moved = reading([BEFORE, mark(50, 60)], [mark(1, 20, "policy", "training"), mark(70, 80)])
    assert list(count_changes([moved, reading([BEFORE], [BEFORE])]).items()) == [
        ("kept", 1), ("moved", 1), ("relabelled", 0), ("moved and relabelled", 0), ("added", 1), ("removed", 1),
    ]  # fmt: skip


def test_a_reading_to_which_no_model_suggested_anything_is_not_counted() -> None:
    adjudicated = reading([BEFORE], [mark(50, 60)], model=None, is_final=True)
    assert sum(count_changes([adjudicated]).values()) == 0
    assert sum(count_changes([reading([], [BEFORE])]).values()) == 1


def test_nothing_read_is_nothing_changed() -> None:
    assert changes(reading([], [])) == ()
