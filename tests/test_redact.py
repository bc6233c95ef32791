import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.classify.gold import corpus_folder, read_gold
from pipeline.extract.facts import read_facts
from pipeline.redact import redaction
from pipeline.report import Fact

DECEASED = [Fact("deceased", "Miss Jane Ann Doe"), Fact("coroner", "Ada Quill")]
DEV = corpus_folder() / "dev.jsonl"


def redacted(text: str, **sources: str) -> str:
    return redaction(text, DECEASED, **sources).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jane’s mother rang. Miss Doe died.", "[person 1]’s mother rang. Miss [person 1] died."),
        ("JANE DOE was seen by Dr Ferris; Dr. Ferris left.", "[person 1] was seen by Dr [person 2]; Dr. [person 2] left."),
        ("On Doe Ward at St Jane Hospital, Jane fell.", "On Doe Ward at St Jane Hospital, [person 1] fell."),
        ("I am Ada Quill, Senior Coroner. Ms Quill heard Jane's.", "I am Ada Quill, Senior Coroner. Ms Quill heard [person 1]'s."),
        ("PC Hollins and Nurse Obi told Mrs Doe.", "PC [person 2] and Nurse [person 3] told Mrs [person 1]."),
        ("The Trust told the ward.", "The Trust told the ward."),
    ],
)  # fmt: skip
def test_names_of_private_persons_are_masked(text: str, expected: str) -> None:
    assert redacted(text) == expected


def test_a_plain_word_that_is_also_a_surname_stays() -> None:
    text = redaction("Price matters. The price rose. Mr Price fell.", [Fact("deceased", "Tom Price")]).text
    assert text == "Price matters. The price rose. Mr [person 1] fell."


def test_what_the_one_who_died_was_called_is_masked_too() -> None:
    facts = [Fact("deceased", "William Arden")]
    text = "William Arden (Will) fell. Will was alone, and Will’s wife will say so. Will the Trust act?"
    masked = (
        "[person 1] ([person 1]) fell. [person 1] was alone, and [person 1]’s wife will say so. Will the Trust act?"
    )
    assert redaction(text, facts).text == masked


def test_the_name_in_an_address_or_file_name_is_evidence_and_is_masked_there() -> None:
    mask = redaction(
        "Marian was admitted. Marian fell.",
        [],
        url="https://example.org/reports/marian-vole/",
        source="a/Marian_Vole.pdf",
    )
    assert mask.text == "[person 1] was admitted. [person 1] fell."
    assert mask.words("a/Marian_report.pdf") == "a/[person 1]_report.pdf"


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from(["Jane", "Doe", "Mr", "Obi", "the", "Ward", ".", "’s", "\n", "told"]), max_size=30),
    st.data(),
)
def test_offsets_stay_valid(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    mask = redaction(text, DECEASED)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = mask.span(start, end)
    assert 0 <= first <= last <= len(mask.text)
    assert mask.span(0, len(text)) == (0, len(mask.text))
    if all(b <= start or a >= end for a, b, _ in mask.masks):
        assert mask.text[first:last] == text[start:end]
    assert redaction(mask.text, DECEASED).text == mask.text


@pytest.mark.skipif(not DEV.is_file(), reason=f"no labelled corpus at {DEV}")
def test_no_name_of_dev_s_metadata_is_left() -> None:
    """The last part of a report's address holds the name of the one who died."""
    left = []
    for report in read_gold(DEV):
        words = [w for w in re.split(r"[/-]", report.url.rstrip("/").rpartition("/")[2]) if w.isalpha() and len(w) > 2]
        names = set(words) - set("prevention of future deaths report and the for".split())
        text = redaction(report.text, read_facts(report.text, {}), url=report.url).text
        left += [
            (report.id, n)
            for n in names
            if re.search(rf"\b(?:{n.capitalize()}|{n.upper()})\b(?! [A-Z][a-z]+ward| Ward| Hospital)", text)
        ]
    assert left == []


def test_a_redacted_export_names_nobody_and_its_quotes_are_exact(
    failings: Callable[..., subprocess.CompletedProcess[str]], samples: Path, tmp_path: Path
) -> None:
    assert failings("run", samples / "reg28_prison_night.pdf", samples / "pfd_table.csv").returncode == 0
    assert failings("export", "--format", "jsonl", "-o", "out.jsonl", "--with-text", "--redact").returncode == 0
    findings, reports = (
        [json.loads(line) for line in (tmp_path / name).read_text(encoding="utf-8").split("\n") if line]
        for name in ("out.jsonl", "reports.jsonl")
    )
    texts = {r["report_id"]: r["text"] for r in reports}
    assert findings
    for finding in findings:
        text = texts[finding["report_id"]]
        for part, words in ((finding, "quote"), *((a, "text") for a in (*finding["actors"], *finding["mentioned"]))):
            assert text[part["start"] : part["end"]] == part[words]
    written = (tmp_path / "out.jsonl").read_text(encoding="utf-8") + (tmp_path / "reports.jsonl").read_text(
        encoding="utf-8"
    )
    for name in (
        "Brightwell",
        "Leon",
        "Mattias",
        "Hartwell",
        "Rosalind",
        "Lomond",
        "Beatrix",
        "Prowse",
        "Desmond",
        "Tennant",
        "Jory",
    ):
        assert name not in written
    assert "Thwaite-Amery" in written
