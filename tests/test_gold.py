from pathlib import Path

import pytest

from pipeline.classify.gold import read_gold, read_made_up
from pipeline.errors import GoldError

SENTENCES = """report,sentence,assertion,categories
a,"No one rang, ""ever"".",failing,communication_gap;care_delay
a,He was 42.,,
b,Beds must be found.,recommendation,bed_shortage
"""


def test_labelled_sentences_of_a_report_become_one_text(tmp_path: Path) -> None:
    (tmp_path / "made_up.csv").write_text(SENTENCES, encoding="utf-8")
    a, b = read_made_up(tmp_path / "made_up.csv")
    assert a.text == 'No one rang, "ever". He was 42.'
    assert [a.text[p.start : p.end] for p in a.passages] == ['No one rang, "ever".', "He was 42."]
    assert [(k, label.categories) for k, label in a.labels.items()] == [((0, 20), ("communication_gap", "care_delay"))]
    assert b.labels[0, 19].assertion == "recommendation"


def test_a_line_that_is_no_report_is_named(tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text('{"id": "a", "text": "One.", "sentences": [[0, 9]], "labels": []}\n')
    with pytest.raises(GoldError, match="line 1"):
        list(read_gold(tmp_path / "gold.jsonl"))
