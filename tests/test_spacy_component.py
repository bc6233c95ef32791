"""The spaCy component: findings as spans, in any pipeline, saved with the Doc."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from installed import write_entry_points
from spacy.language import Language
from spacy.tokens import Doc, DocBin

import pipeline
import pipeline.extract.spacy_component

ROOT = Path(__file__).parent.parent
TEXT = "😀 The control room did not tell the crew.\r\nNo bed was free, and he was held face down for an hour by six officers."


@pytest.fixture(scope="module")
def nlp() -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("failings")
    return nlp


def rows(doc: Doc) -> list[tuple[str, str, str]]:
    return [(span.text, span.label_, span.id_) for span in doc.spans["failings"]]


def test_there_is_a_span_for_each_finding_and_category(nlp: Language) -> None:
    doc = nlp(TEXT)
    findings = pipeline.analyse(TEXT).findings
    group = doc.spans["failings"]
    assert ("😀 The control room did not tell the crew.", "communication_gap", "failing") in rows(doc)
    assert len(group) > len(findings) == 2
    expected = [(f, c) for f in findings for c in f.categories]
    assert rows(doc) == [(f.quote, c.id, f.assertion) for f, c in expected]
    assert group.attrs["scores"].tolist() == np.array([c.score for _, c in expected], np.float32).tolist()
    assert (
        group.attrs["assertion_scores"].tolist()
        == np.array([f.assertion_score for f, _ in expected], np.float32).tolist()
    )
    assert group.attrs["offsets"] == [[f.start, f.end] for f, _ in expected]
    assert group.attrs["needs_review"] == [f.needs_review for f, _ in expected]
    assert group.attrs["agencies"][0] == ["control room"]


def test_a_doc_without_failings_has_an_empty_group(nlp: Language) -> None:
    for text in ("", " \n ", "He was born in 1980."):
        doc = nlp(text)
        assert rows(doc) == []
        assert doc.spans["failings"].attrs["scores"].tolist() == []


def test_spans_and_scores_are_saved_with_the_doc(nlp: Language) -> None:
    doc = nlp(TEXT)
    [back] = DocBin().from_bytes(DocBin(docs=[doc]).to_bytes()).get_docs(nlp.vocab)
    assert rows(back) == rows(doc)
    attrs, saved = doc.spans["failings"].attrs, back.spans["failings"].attrs
    assert {k: list(v) for k, v in saved.items()} == {k: list(v) for k, v in attrs.items()}


def test_it_works_on_many_docs_beside_other_components_and_comes_back_from_disk(nlp: Language, tmp_path: Path) -> None:
    other = spacy.blank("en")
    other.add_pipe("sentencizer")
    other.add_pipe("failings", config={"spans_key": "what_went_wrong"})
    other.to_disk(tmp_path / "pipeline")
    loaded = spacy.load(tmp_path / "pipeline")
    one, two = loaded.pipe([TEXT, "Nothing happened."])
    assert [(s.text, s.label_) for s in one.spans["what_went_wrong"]] == [(t, c) for t, c, _ in rows(nlp(TEXT))]
    assert len(two.spans["what_went_wrong"]) == 0
    assert len(list(one.sents)) > 1


@settings(max_examples=15, deadline=None)
@given(st.text(alphabet="a😀e\u0301\r\n\t .,-'", max_size=12), st.text(alphabet="a😀.) \n", max_size=6))
def test_offsets_are_exact_and_spans_hold_them_whatever_stands_around(nlp: Language, before: str, after: str) -> None:
    text = f"{before} Nobody told the crew about the risk.{after}"
    doc = nlp(text)
    group = doc.spans["failings"]
    assert doc.text == text
    assert len(group) == len(group.attrs["offsets"]) == len(group.attrs["scores"])
    for span, (start, end), finding in zip(group, group.attrs["offsets"], _findings(text), strict=True):
        assert text[start:end] == finding
        assert span.start_char <= start < end <= span.end_char
        assert text[span.start_char : span.end_char] == span.text


def _findings(text: str) -> list[str]:
    return [f.quote for f in pipeline.analyse(text).findings for _ in f.categories]


def test_spacy_finds_it_where_failings_is_installed(tmp_path: Path) -> None:
    """With the entry points of pyproject.toml as an installer writes them, and nothing of ours imported."""
    program = "import spacy; nlp = spacy.blank('en'); nlp.add_pipe('failings'); print(nlp.pipe_names)"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(write_entry_points(tmp_path))])}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("['failings']\n", 0), done.stderr
