import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.speakers import load_speakers

SENTENCES = Path(__file__).parent / "data" / "attribution_sentences.jsonl"
RIGHT = 0.95


def told(row: dict[str, Any]) -> tuple[str | None, str | None]:
    [speaker] = load_speakers().speakers(row["text"], [tuple(row["passage"])])
    return (speaker.kind, speaker.text) if speaker else (None, None)


def test_who_says_so_in_a_hundred_sentences_of_ours() -> None:
    rows = [json.loads(line) for line in SENTENCES.read_text(encoding="utf-8").split("\n") if line]
    wrong = [
        (row["text"], row["kind"], row["speaker"], told(row))
        for row in rows
        if told(row) != (row["kind"], row["speaker"])
    ]
    assert len(rows) >= 100
    assert len(wrong) <= (1 - RIGHT) * len(rows), "\n".join(map(str, wrong))


def test_first_person_is_the_coroner_in_a_coroner_s_report() -> None:
    text = "CORONER'S CONCERNS\nI am concerned that the rails are low."
    [speaker] = load_speakers().speakers(text, [(19, len(text))])
    assert speaker is not None
    assert (speaker.kind, speaker.text, speaker.start) == ("coroner", "I", 19)


@given(
    st.lists(
        st.sampled_from(
            "The the jury found that his mother said told by nurse I am concerned , . : \n (a) They’s".split(" ")
        ),
        max_size=50,
    )
)
def test_spans_are_exact_in_any_text(words: list[str]) -> None:
    text = " ".join(words) or " "
    for speaker in load_speakers().speakers(text, [(0, len(text)), (len(text) // 2, len(text))]):
        if speaker:
            assert text[speaker.start : speaker.end] == speaker.text
