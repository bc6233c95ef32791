from array import array

from pipeline.extract.boxes import boxes_of
from pipeline.report import Box, Page

NAN = float("nan")
Rectangle = tuple[float, float, float, float]


def page(number: int, start: int, boxes: list[Rectangle]) -> Page:
    return Page(number, start, start + len(boxes), 200, 300, array("f", [n for box in boxes for n in box]))


def row(text: str, x: float, y: float, width: float = 5, height: float = 10) -> list[Rectangle]:
    return [(x + i * width, y, x + (i + 1) * width, y + height) for i in range(len(text))]


GAP = [(NAN,) * 4]
FIRST = page(1, 0, row("staff", 10, 20) + GAP + row("said", 10, 34) + GAP)
SECOND = page(2, 11, row("so.", 10, 20))


def test_one_rectangle_for_words_on_one_line() -> None:
    assert boxes_of((FIRST, SECOND), 1, 4) == (Box(1, 15, 20, 30, 30),)


def test_one_rectangle_a_line_and_a_page() -> None:
    assert boxes_of((FIRST, SECOND), 0, 14) == (Box(1, 10, 20, 35, 30), Box(1, 10, 34, 30, 44), Box(2, 10, 20, 25, 30))


def test_an_interval_of_inserted_characters_has_no_rectangle() -> None:
    assert boxes_of((FIRST, SECOND), 5, 6) == ()


def test_an_interval_within_the_last_page() -> None:
    assert boxes_of((FIRST, SECOND), 12, 14) == (Box(2, 15, 20, 25, 30),)


def test_pages_without_layout_give_nothing() -> None:
    assert boxes_of((Page(1, 0, 10, 200, 300),), 0, 5) == ()
    assert boxes_of((), 0, 5) == ()


def test_an_empty_page_between_is_passed_over() -> None:
    later = page(3, 11, row("so.", 10, 20))
    assert boxes_of((FIRST, Page(2, 11, 11, 200, 300), later), 8, 14) == (
        Box(1, 20, 34, 30, 44),
        Box(3, 10, 20, 25, 30),
    )


def test_a_superscript_stays_on_its_line() -> None:
    boxes = [*row("29", 10, 20), *row("th", 20, 18, 3, 7), *row("May", 30, 20)]
    assert boxes_of((page(1, 0, boxes),), 0, 7) == (Box(1, 10, 18, 45, 30),)


def test_a_step_back_on_one_height_starts_a_new_rectangle() -> None:
    boxes = row("right", 100, 20) + row("left", 10, 20)
    assert boxes_of((page(1, 0, boxes),), 0, 9) == (Box(1, 100, 20, 125, 30), Box(1, 10, 20, 30, 30))


def test_text_upside_down_is_one_rectangle_a_line() -> None:
    down = [*reversed(row("plan", 100, 60)), *reversed(row("plan", 100, 46))]
    assert boxes_of((page(1, 0, down),), 0, 8) == (Box(1, 100, 60, 120, 70), Box(1, 100, 46, 120, 56))


def test_text_that_runs_up_the_page_is_one_rectangle_a_line() -> None:
    up = [(50, 200 - 5 * i, 60, 205 - 5 * i) for i in range(8)]
    assert boxes_of((page(1, 0, up),), 0, 8) == (Box(1, 50, 165, 60, 205),)
