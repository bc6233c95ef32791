import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extract.sections import find_sections
from pipeline.extract.segment import LONGEST, Segmenter, load_segmenter


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return load_segmenter()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Insp. Vane called Sgt. Hale. No one came.", ["Insp. Vane called Sgt. Hale.", "No one came."]),
        ("See paras. 4 and 5. They differ.", ["See paras. 4 and 5.", "They differ."]),
        ("He was taken to Ward No. 10 at St. Mary's. It was full.", ["He was taken to Ward No. 10 at St. Mary's.", "It was full."]),
        ("(a) The log was blank. Nobody asked why.", ["(a) The log was blank.", "Nobody asked why."]),
        ("1. There was no plan.", ["1. There was no plan."]),
        ("4.2 The unit was shut. 4.3 Staff left.", ["4.2 The unit was shut.", "4.3 Staff left."]),
        ("The fault was seen on 18.3.22 at 09.30 hrs. It was left.", ["The fault was seen on 18.3.22 at 09.30 hrs.", "It was left."]),
        ("Checks failed:\n• no rota;\n• no lead.\nThat is all.", ["Checks failed:", "• no rota;", "• no lead.", "That is all."]),
        ("Mr J. Smith, e.g. on leave, was missed.", ["Mr J. Smith, e.g. on leave, was missed."]),
        ("“Nobody came,” she said. “We rang twice.”", ["“Nobody came,” she said.", "“We rang twice.”"]),
        ("First line.\r\nSecond 😀 line.\r\n", ["First line.", "Second 😀 line."]),
        ("[REDACTED] was not told. She rang.", ["[REDACTED] was not told.", "She rang."]),
        ("***\n\n---\nText.", ["Text."]),
        ("", []),
    ],
)  # fmt: skip
def test_awkward_text_is_cut_where_a_reader_would(segmenter: Segmenter, text: str, expected: list[str]) -> None:
    assert [text[p.start : p.end] for p in segmenter.passages(text)] == expected


def test_hard_wrapped_lines_are_one_sentence(segmenter: Segmenter) -> None:
    text = (
        "The officers who attended that night were not told that the man had been\n"
        "reported missing from the ward, and the control room did not look for the\n"
        "marker on the address until the following day, when it was already much\n"
        "too late to help. The log shows two entries.\n"
        "\n"
        "1. No one checked.\n"
    )
    passages = [" ".join(text[p.start : p.end].split()) for p in segmenter.passages(text)]
    assert len(passages) == 3
    assert passages[0].endswith("too late to help.")
    assert passages[2] == "1. No one checked."


def test_the_parts_of_a_regulation_28_report_are_found() -> None:
    text = (
        "REGULATION 28 REPORT\nTHIS REPORT IS BEING SENT TO:\nA Trust\n1 CORONER\nI am a coroner.\n2 CORONER’S LEGAL POWERS\nx\n"
        "3 INVESTIGATION and INQUEST\nx\n4 CIRCUMSTANCES OF THE DEATH\nx\n5 CORONER’S CONCERNS\nThe MATTERS OF CONCERN are as follows.\n"
        "(1) No plan.\n6 ACTION SHOULD BE TAKEN\nx\n7 YOUR RESPONSE\nx\n8 COPIES and PUBLICATION\nx\n"
    )
    sections = find_sections(text)
    assert [s.name for s in sections] == [
        "recipients", "coroner", "powers", "investigation", "circumstances", "concerns", "action", "response", "copies",
    ]  # fmt: skip
    concerns = sections[5]
    assert text[concerns.start : concerns.end].strip() == "The MATTERS OF CONCERN are as follows.\n(1) No plan."


def test_no_passage_is_longer_than_the_limit_and_nothing_is_lost(segmenter: Segmenter) -> None:
    text = "The log was blank, " * 200 + "and nobody asked."
    passages = segmenter.passages(text)
    assert all(len(text[p.start : p.end].split()) <= LONGEST for p in passages)
    assert " ".join(text[p.start : p.end] for p in passages).split() == text.split()


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab Z.!?\n\r\t(1)•“”é́😀;:-’"), max_size=400))
def test_passages_are_ordered_apart_trimmed_and_hold_every_letter(segmenter: Segmenter, text: str) -> None:
    passages = segmenter.passages(text)
    at = 0
    for p in passages:
        assert at <= p.start < p.end <= len(text)
        assert text[p.start : p.end] == text[p.start : p.end].strip()
        assert not any(c.isalnum() for c in text[at : p.start])
        at = p.end
    assert not any(c.isalnum() for c in text[at:])
