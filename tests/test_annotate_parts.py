from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotate.parts import MOST_WORDS, Interval, cut, cut_around
from pipeline.extract.segment import load_segmenter
from pipeline.report import Passage

LINES = [
    "CORONER'S CONCERNS",
    "Matters of Concern\r",
    "",
    "  ",
    "One two three. ",
    "🙂 e\u0301 four five",
    "six\tseven\r",
]


def sentences(count: int, words: int = 10) -> str:
    """Sentences of so many words, a space after each."""
    return ("word " * (words - 1) + "word. ") * count


def passages_of(text: str, length: int) -> tuple[Passage, ...]:
    return tuple(Passage(at, at + length - 1) for at in range(0, len(text), length))


def words(text: str, part: Interval) -> int:
    return len(text[slice(*part)].split())


def assert_end_to_end(parts: tuple[Interval, ...], text: str) -> None:
    assert "".join(text[start:end] for start, end in parts) == text
    assert all(start < end for start, end in parts)
    assert all(a[1] == b[0] for a, b in pairwise(parts))


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[str, list[Passage]]:
    text = "\n".join(draw(st.lists(st.sampled_from(LINES), max_size=25)))
    marks = sorted(draw(st.sets(st.integers(0, len(text)), max_size=20)))
    pairs = [(a, b) for a, b in pairwise(marks) if not text[a:b].isspace()]
    return text, [Passage(a, b) for a, b in pairs if draw(st.booleans())]


@given(cut_texts(), st.integers(1, 20))
def test_parts_lie_end_to_end_and_cut_no_passage(drawn: tuple[str, list[Passage]], most: int) -> None:
    text, passages = drawn
    parts = cut(text, passages, most_words=most)
    assert_end_to_end(parts, text)
    cuts = {start for start, _ in parts}
    assert not any(p.start < at < p.end for p in passages for at in cuts)


@given(cut_texts(), st.lists(st.tuples(st.integers(-2, 80), st.integers(-2, 80)), max_size=5))
def test_parts_around_fixed_ones_lie_end_to_end(drawn: tuple[str, list[Passage]], fixed: list[Interval]) -> None:
    text, passages = drawn
    assert_end_to_end(cut_around(text, passages, fixed), text)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.integers(1, 40))
def test_no_part_is_too_long_unless_a_single_passage_is(lengths: list[int], most: int) -> None:
    pieces = [sentences(1, n) for n in lengths]
    starts = [sum(map(len, pieces[:i])) for i in range(len(pieces))]
    passages = [Passage(at, at + len(piece) - 1) for at, piece in zip(starts, pieces, strict=True)]
    text = "".join(pieces)
    for start, end in cut(text, passages, most_words=most):
        inside = [p for p in passages if start <= p.start and p.end <= end]
        assert words(text, (start, end)) <= most or len(inside) == 1


def test_a_short_report_is_one_part_headings_and_all() -> None:
    text = "Background\n" + sentences(20) + "\nCoroner's concerns\n" + sentences(20)
    assert cut(text, passages_of(text, 51)) == ((0, len(text)),)


def test_passages_that_begin_inside_a_word_do_not_make_a_short_section_two_parts() -> None:
    text = "One.Two three.Four. " * 10
    passages = [Passage(at + a, at + b) for at in range(0, 200, 20) for a, b in ((0, 4), (4, 14), (14, 19))]
    assert cut(text, passages) == ((0, 200),)
    assert [words(text, part) for part in cut(text, passages, most_words=10)] == [10, 10]


def test_an_empty_text_has_no_parts() -> None:
    assert cut("", ()) == ()


def test_a_long_report_is_cut_where_a_heading_begins() -> None:
    first, second = "Background\n" + sentences(100) + "\n", "Coroner's concerns\n" + sentences(100)
    text = first + second
    assert cut(text, (), most_words=1100) == ((0, len(first)), (len(first), len(text)))


def test_a_heading_with_a_crlf_begins_its_part() -> None:
    text = "Background\r\n" + sentences(10) + "\r\nMATTERS OF CONCERN\r\n" + sentences(10)
    assert [text[s:e].splitlines()[0] for s, e in cut(text, (), most_words=110)] == ["Background", "MATTERS OF CONCERN"]


def test_a_section_that_is_too_long_is_cut_between_passages_into_parts_of_like_length() -> None:
    text = sentences(200)
    parts = cut(text, passages_of(text, 51))
    assert [words(text, part) for part in parts] == [1000, 1000]


def test_a_single_passage_longer_than_a_part_stays_whole() -> None:
    text = sentences(1, MOST_WORDS + 1)
    assert cut(text, passages_of(text, len(text))) == ((0, len(text)),)


def test_fixed_parts_stay_and_the_rest_is_cut_around_them() -> None:
    text = sentences(400)
    fixed = (100 * 51, 110 * 51)
    parts = cut_around(text, passages_of(text, 51), [fixed])
    assert fixed in parts
    assert [words(text, part) for part in parts] == [1000, 100, 1450, 1450]
    assert_end_to_end(parts, text)


def test_some_of_the_parts_being_there_changes_no_part() -> None:
    text = sentences(400)
    passages = passages_of(text, 51)
    fresh = cut(text, passages)
    assert len(fresh) == 3
    assert cut_around(text, passages, fresh[1:2]) == fresh


def test_some_of_the_parts_being_there_leaves_the_cuts_at_headings() -> None:
    text = "".join(f"{heading}\n{sentences(90)}\n" for heading in ("Background", "Matters of concern", "Conclusion"))
    fresh = cut(text, ())
    assert [text[s:e].split("\n")[0] for s, e in fresh] == ["Background", "Matters of concern", "Conclusion"]
    assert cut_around(text, (), fresh[:1]) == fresh


@pytest.mark.parametrize("stray", [(0, 99_999), (30, 10), (-5, 20)])
def test_a_fixed_part_that_does_not_fit_the_text_is_not_kept(stray: Interval) -> None:
    text = sentences(2)
    assert cut_around(text, passages_of(text, 51), [stray]) == ((0, len(text)),)


def test_the_parts_of_real_layouts_cut_no_passage(samples: Path) -> None:
    segmented: Callable[[str], tuple[Passage, ...]] = load_segmenter().passages
    for name, encoding in (("custody_inspection.txt", "utf-8"), ("probation_review.txt", "cp1252")):
        text = (samples / name).read_text(encoding)
        passages = segmented(text)
        parts = cut(text, passages, most_words=60)
        assert_end_to_end(parts, text)
        assert all(any(s <= p.start and p.end <= e for s, e in parts) for p in passages)
