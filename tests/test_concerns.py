import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.concerns import concern_numbers
from pipeline.report import Passage


def passages(text: str) -> tuple[Passage, ...]:
    """Every sentence of the made-up texts, which stand on lines of their own or after a full stop."""
    found, at = [], 0
    for line in text.splitlines(keepends=True):
        begin = at
        for piece in line.rstrip("\n").split(" | "):
            if piece.strip():
                found.append(Passage(begin, begin + len(piece)))
            begin += len(piece) + 3
        at += len(line)
    return tuple(found)


def numbers(text: str) -> list[str | None]:
    return list(concern_numbers(text, passages(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. The log was lost.\n2. Nobody looked.\n3. It rained.", ["1", "2", "3"]),
        ("1) The log was lost.\n2) Nobody looked.", ["1", "2"]),
        ("(1) The log was lost.\n(2) Nobody looked.", ["1", "2"]),
        ("1.The log was lost.\n2.CARU did not look.", ["1", "2"]),
        ("a. The log was lost.\nb. Nobody looked.", ["a", "b"]),
        ("(a) The log was lost.\n(b) Nobody looked.", ["a", "b"]),
        ("A. The log was lost.\nB. Nobody looked.", ["A", "B"]),
        ("i. The log was lost.\nii. Nobody looked.\niii. It rained.\niv. It snowed.", ["i", "ii", "iii", "iv"]),
        ("2.1 The log was lost.\n2.2 Nobody looked.\n2.3. It rained.", ["2.1", "2.2", "2.3"]),
        ("Concern 1: The log was lost.\nConcern 2: Nobody looked.", ["1", "2"]),
        ("Recommendation 1\nKeep the log.\nRecommendation 2\nLook.", ["1", "1", "2", "2"]),
        ("(I) The log was lost.\n(2) Nobody looked.", ["I", "2"]),
        ("1\nThe log was lost.\n2\nNobody looked.", ["1", "1", "2", "2"]),
        ("1. Beds\n(a) None was free.\n(b) None was asked for.\n2. Staff", ["1", "1(a)", "1(b)", "2"]),
        ("4. Beds:\n(a) None:\n(i) on Monday;\n(ii) on Tuesday.\n(b) Few.", ["4", "4(a)", "4(a)(i)", "4(a)(ii)", "4(b)"]),
        ("1. Beds\n1.1 None was free.\n1.2 None was asked for.\n2. Staff\n2.1 There were few.", ["1", "1.1", "1.2", "2", "2.1"]),
        ("1. Beds:\n• None was free.\n• None was asked for.\n2. Staff", ["1", "1", "1", "2"]),
        ("Concern 1: Beds\n1. None was free.\nConcern 2: Staff", ["1", "1(1)", "2"]),
    ],
)  # fmt: skip
def test_numbers_and_nesting_are_read_from_the_markers(text: str, expected: list[str]) -> None:
    assert numbers(text) == expected


def test_i_after_h_is_a_letter() -> None:
    text = "\n".join(f"{letter}) Something was lost." for letter in "abcdefghijk")
    assert numbers(text) == list("abcdefghijk")


def test_i_under_a_letter_is_roman() -> None:
    assert numbers("g) Beds:\n") == [None]
    assert numbers("a) Beds:\nb) Staff:\ni) There were few.\nii) They were tired.\nc) Logs.") == [
        "a", "b", "b(i)", "b(ii)", "c",
    ]  # fmt: skip


def test_all_sentences_and_paragraphs_of_an_item_belong_to_it() -> None:
    text = (
        "1. The log was lost. | Nobody had made a copy.\n\nThe clerk told me so.\n\n2. Nobody looked. | I am worried."
    )
    assert numbers(text) == ["1", "1", "1", "2", "2"]


def test_what_follows_a_list_of_single_paragraphs_is_outside_it() -> None:
    text = "1. The log was lost.\n\n2. Nobody looked.\n\nI thank the family for their help.\n\nI sent copies."
    assert numbers(text) == ["1", "2", None, None]


def test_what_follows_a_list_of_many_paragraphs_belongs_to_its_last_item() -> None:
    text = "1. The log was lost.\n\nNobody had a copy.\n\n2. Nobody looked.\n\nI am worried."
    assert numbers(text) == ["1", "1", "2", "2"]


def test_the_title_of_an_item_is_not_of_the_item_before() -> None:
    assert numbers("1. The log was lost.\n\nThe search:\n2. Nobody looked.") == ["1", None, "2"]


def test_sections_begin_again_and_rows_of_the_form_are_no_items() -> None:
    text = (
        "3 INVESTIGATION\nI opened it.\n4 CIRCUMSTANCES OF THE DEATH\n1. He left.\n2. He fell.\n"
        "5 CORONER'S CONCERNS\nThe matters are:\n1. The log was lost.\n6 ACTION SHOULD BE TAKEN\nPlease act."
    )
    assert numbers(text) == [None, None, None, "1", "2", None, None, "1", None, None]


def test_a_title_in_capitals_begins_a_new_list() -> None:
    text = "1. The log was lost.\n\nTHE COUNCIL\n\n1. The gap was left.\n2. The sign fell."
    assert numbers(text) == ["1", None, "1", "2"]


@pytest.mark.parametrize(
    "text",
    [
        "He came in at\n10.30 and was seen by the nurse on duty that night.",
        "He was given a dose of\n2.5 mg of the drug that his doctor had ordered for him.",
        "J. Marlow came.\nHe was told.",
        "On the ward there were two patients whom nobody had seen since\n14. Nobody asked.",
        "e.g. the log.\ni.e. the book.",
        "12.05.2019 was the date.",
    ],
)
def test_numbers_in_running_text_are_no_markers(text: str) -> None:
    assert set(numbers(text)) == {None}


def test_a_list_run_together_in_one_paragraph_is_read_from_its_sentences() -> None:
    long = (
        "The matters of concern that I have found in the course of my long inquiry into these events are as follows. "
    )
    text = long + "(1) The log was lost. | Nobody had a copy. | (2) Nobody looked. | I am worried."
    assert numbers(text) == [None, "1", "2", "2"]


def test_a_decimal_paragraph_quoted_in_an_item_does_not_end_the_list() -> None:
    text = "1. The report says:\n\n6.11 The bend is blind.\n\n6.12 It is dark.\n\n2. Nobody looked."
    assert numbers(text) == ["1", "6.11", "6.12", "2"]


@given(st.lists(st.sampled_from(["1. A", "(a) b", "i) c", "2.1 d", "", "E e.", "TITLE", "CONCERNS", "• f", "3"])))
def test_every_passage_has_a_number_or_none(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert len(numbers(text)) == len(passages(text))
