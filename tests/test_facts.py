from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.dates import iso_date
from pipeline.extract.facts import read_facts
from pipeline.ingest.document import Limits
from pipeline.ingest.sources import Source, discover, read

LETTER = """REGULATION 28 REPORT TO PREVENT FUTURE DEATHS
Our ref: 2024-0117
THIS REPORT IS BEING SENT TO:
1. Chief Executive, Marrow Vale Trust
2) The Governor, HMP Carrow Hill
4 Tollgate Row
EA1 4QZ
1 CORONER
I am Mrs Ada Quill, Assistant Coroner for the area of East Exampleshire
3 INVESTIGATION and INQUEST
On 3rd of March 2023 I commenced an investigation into the death of Bo Tan Li, aged 44. Mr Li died at home on 1 March 2023.
The investigation concluded at the end of the inquest on the 4/10/23. The conclusion of the inquest was that of misadventure.
The medical cause of death was 1a drowning.
7 YOUR RESPONSE
You are under a duty to respond to this report within 56 days of the date of this report, namely by 1 January 2024.
9 6 November 2023
"""


@pytest.mark.parametrize(
    ("words", "date"),
    [
        ("3rd of March 2023", "2023-03-03"), ("31 Dec. 1999", "1999-12-31"), ("12 Sept 2020", "2020-09-12"), ("4/10/23", "2023-10-04"),
        ("04.01.2024", "2024-01-04"), ("2024-02-29", "2024-02-29"), ("1st day of May, 2019", "2019-05-01"), ("31 June 2020", None),
        ("30/02/2021", None),
    ],
)  # fmt: skip
def test_dates(words: str, date: str | None) -> None:
    assert iso_date(words) == date


def test_a_letter_says_who_when_and_to_whom() -> None:
    assert [(f.field, f.value) for f in read_facts(LETTER, {})] == [
        ("reference", "2024-0117"), ("deceased", "Bo Tan Li"), ("date_of_death", "2023-03-01"), ("inquest_opened", "2023-03-03"),
        ("inquest_concluded", "2023-10-04"), ("coroner", "Ada Quill"), ("area", "East Exampleshire"), ("conclusion", "misadventure"),
        ("cause_of_death", "1a drowning"), ("date", "2023-11-06"), ("response_deadline", "2024-01-01"),
        ("addressee", "Chief Executive, Marrow Vale Trust"), ("addressee", "The Governor, HMP Carrow Hill"),
        ("document_type", "coroners_report"),
    ]  # fmt: skip


def test_columns_win_and_a_disagreement_is_noted() -> None:
    facts = read_facts(
        LETTER, {"coroner": "Ada Quill", "area": "West Exampleshire", "receiver": "The Trust; NHS England"}
    )
    assert [(f.field, f.value) for f in facts if f.field in ("coroner", "area", "disagreement", "addressee")] == [
        ("coroner", "Ada Quill"), ("area", "West Exampleshire"),
        ("disagreement", "area: column West Exampleshire, text East Exampleshire"),
        ("addressee", "The Trust"), ("addressee", "NHS England"),
    ]  # fmt: skip
    [noted] = [f for f in facts if f.field == "disagreement"]
    assert LETTER[noted.start : noted.end] == "East Exampleshire"


SAMPLES = {
    "ambulance_review.md": ("case_review", None),
    "custody_inspection.txt": ("inspection", None),
    "news_brackenford_review.html": ("news", None),
    "police_conduct_summary.html": ("police_conduct", None),
    "reg28_fell_road.docx": ("coroners_report", "Philippa Anne Corran"),
    "reg28_prison_night.pdf": ("coroners_report", "Leon Mattias Brightwell"),
    "reg28_waiting_for_a_bed.pdf": ("coroners_report", "Idris Paul Fennimore"),
    "adult_k_review.docx": ("case_review", None),
    "child_l_review.pdf": ("case_review", None),
    "crisis_text_review.txt": ("case_review", None),
    "probation_review.txt": ("case_review", None),
}


@pytest.mark.parametrize(("name", "kind", "deceased"), [(n, k, d) for n, (k, d) in SAMPLES.items()])
def test_kind_and_deceased_of_the_samples(samples: Path, name: str, kind: str, deceased: str | None) -> None:
    [source] = discover([str(samples / name)], limits=Limits(), columns={})
    assert isinstance(source, Source)
    report = read(source, limits=Limits())
    facts = {f.field: f.value for f in read_facts(report.text, report.metadata)}
    assert (facts["document_type"], facts.get("deceased")) == (kind, deceased)


@given(st.text(alphabet="AbÉ ,.:\n12/’'Mr of on the death investigation", max_size=300))
def test_any_text_is_read_without_harm_and_spans_fit(text: str) -> None:
    for fact in read_facts(text, {}):
        if fact.start is not None and fact.end is not None:
            assert 0 <= fact.start < fact.end <= len(text)
