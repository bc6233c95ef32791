import csv
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from stores import Stores, rows

from pipeline.errors import OffsetError, StoreError, UsageError
from pipeline.export import writer_of
from pipeline.export.jsonl import write_jsonl
from pipeline.report import (
    Actor,
    Analysed,
    Box,
    CategoryScore,
    Fact,
    Finding,
    Page,
    Passage,
    Recommendation,
    Report,
    Speaker,
    sha256,
)
from pipeline.store.connect import open_engine
from pipeline.store.reader import Filter, read_findings
from pipeline.store.reports import find_report, read_reports
from pipeline.store.rows import report_id_of, rows_of
from pipeline.store.schema import metadata
from pipeline.store.verify import verify
from pipeline.store.writer import Versions, Writer

VERSIONS = Versions("m-1", "t-1", "0.1.0")
TEXT = "😀 Nobody told the crew. =The ward was full."


def mentioned(text: str, start: int, end: int) -> tuple[Actor, ...]:
    """Somebody at the passage's last character, unless an actor begins there."""
    return (Actor(end - 1, end, text[end - 1], None, "other", "mentioned", resolved=True),) if end - start > 1 else ()


def analysed(text: str = TEXT, source: str = "a/one.txt", digest: str | None = None) -> Analysed:
    middle = (len(text) + 1) // 2
    spans = [(0, middle), (middle, len(text))] if len(text) > 1 else [(0, 1)]
    found = tuple(
        Finding(
            s, e, text[s:e], "concerns", "failing", 0.9,
            (CategoryScore("communication_gap", 0.9), CategoryScore("bed_shortage", 0.6)),
            (Actor(s, e, text[s:e], "A Trust", "acute_trust"),),
            (Box(1, 1.0, 2.0, 3.0, 4.0),), 1, False, mentioned(text, s, e),
            Speaker(s, e, text[s:e], "jury"), "4(b)", "https://example.org/1#:~:text=told",
        )
        for s, e in spans
    )  # fmt: skip
    calls = tuple(
        Recommendation(
            f.start, f.end, f.quote, (replace(f.actors[0], role="addressee"),), Fact("deadline", "56 days", f.start, f.end),
            (f.start,), "4(b)",
        )
        for f in found[-1:]
    )  # fmt: skip
    facts = (Fact("coroner", "Ann Example", 0, 1), Fact("area", "Inner Exampleshire"))
    report = Report(
        text, source, digest or sha256(text.encode()), {"title": "One", "url": "https://example.org/1"},
        (Page(1, 0, len(text), 100.0, 200.0),),
    )  # fmt: skip
    return Analysed(report, tuple(Passage(s, e, "concerns") for s, e in spans), found, facts, calls)


@pytest.fixture
def engine(new_store: Callable[[], str]) -> Iterator[Engine]:
    engine = open_engine(new_store(), create=True)
    yield engine
    engine.dispose()


def test_the_migrated_schema_is_the_declared_one(engine: Engine) -> None:
    found = sa.inspect(engine)
    assert set(metadata.tables) <= set(found.get_table_names())
    for name, table in metadata.tables.items():
        assert {c["name"] for c in found.get_columns(name)} == set(table.columns.keys()), name
        assert {i["name"] for i in found.get_indexes(name)} >= {i.name for i in table.indexes}, name
        assert {tuple(f["constrained_columns"]) for f in found.get_foreign_keys(name)} == {
            tuple(c.name for c in f.columns) for f in table.foreign_key_constraints
        }, name


def test_a_finding_comes_back_as_it_went_in(engine: Engine) -> None:
    Writer(engine, VERSIONS, {}).add(analysed())
    first, second = read_findings(engine)
    assert first == {
        "finding_id": first["finding_id"], "report_id": f"one-{sha256(TEXT.encode())[:8]}", "source": "a/one.txt",
        "source_url": "https://example.org/1", "source_sha256": sha256(TEXT.encode()), "title": "One", "date": None,
        "area": "Inner Exampleshire", "section": "concerns", "concern": "4(b)", "page": 1, "boxes": [[1.0, 2.0, 3.0, 4.0]],
        "box_pages": [1],
        "start": 0, "end": 22, "quote": TEXT[:22], "link": "https://example.org/1#:~:text=told", "assertion": "failing",
        "assertion_score": 0.9,
        "categories": [{"id": "communication_gap", "score": 0.9}, {"id": "bed_shortage", "score": 0.6}],
        "actors": [{"start": 0, "end": 22, "text": TEXT[:22], "agency": "A Trust", "agency_type": "acute_trust",
                    "resolved": False, "role": "responsible"}],
        "mentioned": [{"start": 21, "end": 22, "text": TEXT[21], "agency": None, "agency_type": "other", "resolved": True}],
        "speaker": {"start": 0, "end": 22, "text": TEXT[:22], "kind": "jury"},
        "needs_review": False, "reviewed_by": None, "model": "m-1", "taxonomy": "t-1", "pipeline": "0.1.0",
    }  # fmt: skip
    assert second["start"] == 22
    assert list(verify(engine)) == []


def test_what_a_report_says_of_itself_and_asks_for_comes_back(engine: Engine) -> None:
    Writer(engine, VERSIONS, {}).add(analysed())
    [report] = read_reports(engine)
    _, answered = read_findings(engine)
    assert report["facts"] == [
        {"field": "coroner", "value": "Ann Example", "start": 0, "end": 1},
        {"field": "area", "value": "Inner Exampleshire", "start": None, "end": None},
    ]
    assert report["recommendations"] == [{
        "recommendation_id": answered["finding_id"], "start": 22, "end": 43, "quote": TEXT[22:], "concern": "4(b)",
        "deadline": {"value": "56 days", "start": 22, "end": 43}, "answers": [answered["finding_id"]],
        "addressees": [{"start": 22, "end": 43, "text": TEXT[22:], "agency": "A Trust", "agency_type": "acute_trust",
                        "resolved": False}],
    }]  # fmt: skip


def test_a_second_run_adds_nothing_and_ids_stay(engine: Engine) -> None:
    assert Writer(engine, VERSIONS, {}).add(analysed()) == "new"
    before = rows(engine)
    writer = Writer(engine, VERSIONS, {})
    assert writer.is_done("a/one.txt", analysed().report.source_sha256)
    assert writer.add(analysed()) == "redone"
    assert rows(engine) == before


def test_another_model_redoes_a_report_in_place(engine: Engine) -> None:
    Writer(engine, VERSIONS, {}).add(analysed())
    ids = [f["finding_id"] for f in read_findings(engine)]
    writer = Writer(engine, replace(VERSIONS, model="m-2"), {})
    assert not writer.is_done("a/one.txt", analysed().report.source_sha256)
    assert writer.add(analysed()) == "redone"
    assert [f["finding_id"] for f in read_findings(engine)] == ids
    assert {f["model"] for f in read_findings(engine)} == {"m-2"}


def test_a_changed_file_takes_the_place_of_what_it_held(engine: Engine) -> None:
    writer = Writer(engine, VERSIONS, {})
    writer.add(analysed())
    assert writer.add(analysed("Another text altogether.")) == "redone"
    assert {f["report_id"][:4] for f in read_findings(engine)} == {"one-"}
    assert len(rows(engine)["reports"]) == 1


def test_duplicates_are_noted_and_outlive_their_original(engine: Engine) -> None:
    writer = Writer(engine, VERSIONS, {})
    writer.add(analysed())
    assert writer.is_done("copy.txt", analysed().report.source_sha256)
    assert writer.add(analysed(source="same.docx", digest="other bytes")) == "duplicate"
    assert [(row[0], row[3]) for row in rows(engine)["sources"]] == [
        ("a/one.txt", "None"), ("copy.txt", "same bytes"), ("same.docx", "same text"),
    ]  # fmt: skip
    writer.add(analysed("Now it is another report."))
    assert {row[1] for row in rows(engine)["reports"]} == {"copy.txt", "a/one.txt"}
    assert list(verify(engine)) == []


def test_a_finding_that_does_not_fit_its_text_never_gets_in(engine: Engine) -> None:
    good = analysed()
    bad = replace(good, findings=(good.findings[0], replace(good.findings[1], quote="something else")))
    with pytest.raises(OffsetError):
        Writer(engine, VERSIONS, {}).add(bad)
    assert rows(engine)["reports"] == []


def test_a_report_is_wholly_in_or_not_at_all(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[tuple[sa.Table, list[dict[str, object]]]]:
        yield from list(rows_of(analysed(), report_id_of(analysed().report)))[:5]
        raise RuntimeError("power cut")

    writer = Writer(engine, VERSIONS, {})
    monkeypatch.setattr("pipeline.store.put.rows_of", broken)
    with pytest.raises(RuntimeError):
        writer.add(analysed())
    assert all(not found for found in rows(engine).values())


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE findings SET quote = 'made up' WHERE start_char = 0", "finding"),
        ("UPDATE actors SET end_char = 5", "actor"),
        ("UPDATE findings SET speaker = 'nobody'", "speaker"),
        ("UPDATE recommendations SET start_char = 1", "recommendation"),
        ("UPDATE addressees SET text = 'nobody'", "addressee"),
        ("UPDATE reports SET text = text || '.'", "hash"),
    ],
)
def test_verify_names_what_was_tampered_with(engine: Engine, statement: str, fault: str) -> None:
    Writer(engine, VERSIONS, {}).add(analysed())
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert any(fault in line for line in verify(engine))


def test_verify_names_rows_of_a_file_that_refer_to_nothing(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'findings.db'}", create=True)
    Writer(engine, VERSIONS, {}).add(analysed())
    connection = sqlite3.connect(tmp_path / "findings.db")
    connection.executescript("PRAGMA foreign_keys=OFF; DELETE FROM reports")
    connection.close()
    assert any("refers to a row" in line for line in verify(engine))
    engine.dispose()


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(words="crew told"), 1),
        (Filter(words='"told the crew"'), 1),
        (Filter(words='"crew told"'), 0),
        (Filter(words='full" OR NEAR( ; DROP TABLE findings'), 0),
        (Filter(category="bed_shortage"), 2),
        (Filter(category="restraint"), 0),
        (Filter(agency="a trust"), 2),
        (Filter(agency="acute_trust"), 2),
        (Filter(agency="%"), 0),
        (Filter(assertion="alleged"), 0),
    ],
)
def test_filters(engine: Engine, wanted: Filter, count: int) -> None:
    Writer(engine, VERSIONS, {}).add(analysed())
    assert len(list(read_findings(engine, wanted))) == count


def test_a_report_is_found_by_id_beginning_and_file_name(engine: Engine) -> None:
    writer = Writer(engine, VERSIONS, {})
    writer.add(analysed())
    for name in (f"one-{sha256(TEXT.encode())[:8]}", "one", "a/one.txt", "one.txt"):
        assert find_report(engine, name)["text"] == TEXT
    writer.add(analysed("Another one.", "b/one.txt"))
    with pytest.raises(UsageError, match="several"):
        find_report(engine, "one")
    with pytest.raises(UsageError, match="no report"):
        find_report(engine, "two")


def test_a_missing_foreign_damaged_or_newer_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store"):
        open_engine(f"sqlite:///{tmp_path / 'none.db'}")
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"this is no database" * 99)
    with pytest.raises(StoreError, match="cannot be used"):
        open_engine(f"sqlite:///{damaged}")
    foreign = sqlite3.connect(tmp_path / "foreign.db")
    foreign.execute("CREATE TABLE photos (id)")
    foreign.close()
    with pytest.raises(StoreError, match="something else"):
        open_engine(f"sqlite:///{tmp_path / 'foreign.db'}")
    open_engine(f"sqlite:///{tmp_path / 'new.db'}", create=True).dispose()
    newer = sqlite3.connect(tmp_path / "new.db")
    newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.commit()
    newer.close()
    with pytest.raises(StoreError, match="upgrade failings"):
        open_engine(f"sqlite:///{tmp_path / 'new.db'}")


def test_csv_is_safe_to_open_and_has_a_row_a_category(engine: Engine, tmp_path: Path) -> None:
    Writer(engine, VERSIONS, {}).add(analysed("xxxxxxxxxxx=SUM(A1:A9)"))
    assert writer_of("csv")(read_findings(engine), tmp_path / "out.csv") == 2
    data = (tmp_path / "out.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    table = list(csv.DictReader(data.decode("utf-8-sig").splitlines()))
    assert [(r["category"], r["quote"]) for r in table] == [
        ("communication_gap", "xxxxxxxxxxx"), ("bed_shortage", "xxxxxxxxxxx"),
        ("communication_gap", "'=SUM(A1:A9)"), ("bed_shortage", "'=SUM(A1:A9)"),
    ]  # fmt: skip


def test_an_export_that_cannot_be_written_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        writer_of("jsonl")(read_findings(engine), tmp_path / "no folder" / "out.jsonl")
    assert not list(tmp_path.glob("**/*.jsonl"))


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=80))
def test_any_text_keeps_its_offsets_through_store_and_export(
    stores: Stores, tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    with stores.one() as url:
        engine = open_engine(url, create=True)
        Writer(engine, VERSIONS, {}).add(analysed(text))
        assert list(verify(engine)) == []
        writer_of("jsonl")(read_findings(engine), folder / "out.jsonl")
        write_jsonl(read_reports(engine), folder / "reports.jsonl")
        engine.dispose()
    texts = {}
    with (folder / "reports.jsonl").open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            report = json.loads(line)
            texts[report["report_id"]] = report["text"]
    with (folder / "out.jsonl").open(encoding="utf-8", newline="\n") as lines:
        for record in map(json.loads, lines):
            assert texts[record["report_id"]][record["start"] : record["end"]] == record["quote"]
