from array import array

import pytest

from pipeline.errors import OffsetError
from pipeline.report import Actor, CategoryScore, Finding, Page, Report

TEXT = "😀 The control room did not pass the warning on."


def finding(start: int, end: int, quote: str, actors: tuple[Actor, ...] = ()) -> Finding:
    return Finding(start, end, quote, None, "failing", 0.9, (CategoryScore("communication_gap", 0.8),), actors)


def test_offsets_are_code_points_also_after_an_emoji() -> None:
    finding(2, len(TEXT), TEXT[2:], (Actor(6, 18, "control room", None, "control_room"),)).check(TEXT)


@pytest.mark.parametrize(
    ("start", "end", "quote"), [(0, 3, "The"), (2, 2, ""), (5, 2, ""), (0, 999, TEXT), (-3, -1, "on")]
)
def test_a_quote_that_is_not_at_its_place_is_refused(start: int, end: int, quote: str) -> None:
    with pytest.raises(OffsetError):
        finding(start, end, quote).check(TEXT)


def test_an_actor_that_is_not_at_its_place_is_refused() -> None:
    with pytest.raises(OffsetError, match="actor"):
        finding(2, len(TEXT), TEXT[2:], (Actor(5, 17, "control room", None, "other"),)).check(TEXT)


def test_a_page_beyond_the_text_is_refused() -> None:
    with pytest.raises(OffsetError, match="page 1"):
        Report("short", "a.pdf", "0", pages=(Page(1, 0, 99, 10.0, 10.0),))


def test_boxes_that_do_not_fit_their_page_are_refused() -> None:
    with pytest.raises(OffsetError, match="box numbers"):
        Page(1, 0, 3, 10.0, 10.0, array("f", [0.0] * 8))


def test_unknown_metadata_is_refused() -> None:
    with pytest.raises(ValueError, match="shoe_size"):
        Report("text", "a.txt", "0", {"shoe_size": "9"})
