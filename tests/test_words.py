"""Full-text search finds the same quotes in SQLite and in PostgreSQL."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_store import VERSIONS, analysed, finding
from sqlalchemy.engine import Engine
from stores import Stores

from pipeline.report import Finding
from pipeline.store.connect import open_engine
from pipeline.store.reader import Filter, read_findings
from pipeline.store.writer import Writer

if TYPE_CHECKING:
    from postgres_server import Server

QUOTES = (
    "The nurses' notes weren’t read.", "Checks of the ward and/or the crew were missed at 24/7 cover.", "The café had no défibrillateur.",
    "A re-assessment (no. 12-B) was never done: see www.example.org/a.b or write to a@example.org.", "He ran; he was running, 🛏️bed.",
    "It is as it was in the 1990s, £5.50 at -5°C.", "nurse_note and ward.round", "The THE the.",
)  # fmt: skip


@pytest.fixture(scope="module")
def engine(stores: Stores) -> Iterator[Engine]:
    with stores.one() as url:
        engine = open_engine(url, create=True)
        writer = Writer(engine, VERSIONS, {})
        for number, quote in enumerate(QUOTES):
            writer.add(analysed(quote, f"{number}.txt", (finding(quote, quote, ("policy", 0.9)),), {}))
        yield engine
        engine.dispose()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("nurse", "06"), ("note", "06"), ("read", "0"), ("weren't", "0"), ("weren t", "0"), ("t", "0"), ("ward", "16"),
        ("and/or", "1"), ("crew or", "1"), ("24/7", "1"), ("7 24", "1"), ('"7 24"', ""), ("cafe", "2"), ("CAFÉ", "2"),
        ("defibrillateurs", "2"), ("reassessment", ""), ("re-assessment", "3"), ("assess", "3"), ("example.org", "3"), ("b", "3"),
        ("12", "3"), ("a@example.org", "3"), ("run", "4"), ("bed", "4"), ("bed 🛏️", "4"), ("1990", "5"), ("5", "5"),
        ("5.50", "5"), ("the", "01257"), ('"the the the"', "7"), ('"the the the the"', ""), ("*", ""), ("% _", ""), ("NEAR(the", ""),
        ('"', ""), ("the OR nurse", ""), ("'; DROP TABLE findings; --", ""), ("\\", ""), (":words", ""), ("%(x)s", ""),
    ],
)  # fmt: skip
def test_words_find_the_same_quotes_in_both(engine: Engine, words: str, found: str) -> None:
    assert "".join(record["source"][0] for record in read_findings(engine, Filter(words=words))) == found


# no emoji, fractions, raised numbers, nor an s at the end of two letters: docs/store.md names them as differences
WORD = st.text("abéÉZ1 -/’'_.\u0301\u200b«日", min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(st.lists(WORD, min_size=1, max_size=5), st.lists(WORD, min_size=1, max_size=4))
def test_any_words_find_the_same(
    postgres: "Server", tmp_path_factory: pytest.TempPathFactory, quotes: list[str], wanted: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    with Stores(folder, None).one() as file, Stores(folder, postgres).one() as database:
        assert hits(file, quotes, wanted) == hits(database, quotes, wanted)


def hits(url: str, quotes: list[str], wanted: list[str]) -> list[list[str]]:
    """For each query the quotes that it finds."""
    engine = open_engine(url, create=True)
    text = "".join(f"{quote}\n" for quote in quotes)
    starts = [sum(len(before) + 1 for before in quotes[:at]) for at in range(len(quotes))]
    found = tuple(
        Finding(at, at + len(quote), quote, "concerns", "failing", 0.9, ())
        for at, quote in zip(starts, quotes, strict=True)
    )
    Writer(engine, VERSIONS, {}).add(analysed(text, "any.txt", found, {}))
    answers = [[record["quote"] for record in read_findings(engine, Filter(words=words))] for words in wanted]
    engine.dispose()
    return answers
