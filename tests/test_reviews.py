from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from stores import Stores
from stores import rows as dump

from pipeline.annotate.records import Marked, MarkedActor, Part, Reading
from pipeline.annotate.reviewed import review
from pipeline.annotate.verdicts import verdict
from pipeline.export import writer_of
from pipeline.report import Actor, Analysed, Box, CategoryScore, Finding, Page, Passage, Recommendation, Report, sha256
from pipeline.store.connect import open_engine
from pipeline.store.reader import Filter, read_findings
from pipeline.store.reports import read_reports
from pipeline.store.review_rows import reading_of
from pipeline.store.reviews import Counts, add_readings
from pipeline.store.rows import passage_id_of, report_id_of, report_row, rows_of
from pipeline.store.schema import metadata, superseded
from pipeline.store.verify import verify
from pipeline.store.writer import Versions, Writer

CREW = "The Exampleshire Ambulance Service NHS Trust did not tell the crew 😀 about the risk."
BEDS = "The jury found that no bed was free."
LIST = "The Home Office should keep a list."
DOOR = "The door was never locked."
TEXT = f"😀 CORONER'S CONCERNS\r\n\r\n(1) {CREW}\r\n(2) {BEDS} {LIST}\r\n\r\n(3) {DOOR}\r\n"
SHA = sha256(TEXT.encode())
VERSIONS = Versions("m-1", "t-1", "0.1.0")
ANN, BOB, CAT = "ann@example.org", "bob@example.org", "cat@example.org"


def at(words: str, text: str = TEXT) -> tuple[int, int]:
    return text.index(words), text.index(words) + len(words)


def finding(words: str, *categories: str, text: str = TEXT, assertion: Any = "failing", score: float = 0.9) -> Finding:
    start, end = at(words, text)
    about = tuple(CategoryScore(c, score) for c in categories or ("communication_gap",))
    boxes = (Box(1, float(start), 2.0, 3.0, 4.0),)
    return Finding(start, end, words, "concerns", assertion, score, about, boxes=boxes, page=1, concern="1")


def analysed(*found: Finding, source: str = "a/one.pdf", digest: str = "bytes") -> Analysed:
    passages = tuple(Passage(*at(words), "concerns") for words in (CREW, BEDS, LIST, DOOR))
    report = Report(TEXT, source, digest, {"url": "https://example.org/1"}, (Page(1, 0, len(TEXT), 100.0, 200.0),))
    call = Recommendation(*at(LIST), LIST, answers=tuple(f.start for f in found if f.quote == BEDS), concern="2")
    return Analysed(report, passages, found, recommendations=(call,))


MACHINE = (
    replace(finding(CREW), actors=(Actor(*at(CREW)[:1], at(CREW)[0] + 3, "The", None, "other"),)),
    finding(BEDS, "bed_shortage"),
    finding(LIST, "record_keeping", assertion="recommendation", score=0.6),
)


def mark(words: str, *categories: str, assertion: Any = "failing", actors: Sequence[MarkedActor] = ()) -> Marked:
    return Marked(*at(words), assertion, categories or ("communication_gap",), tuple(actors))


def read(*marked: Marked, by: str = ANN, day: int = 1, part: tuple[int, int] = (0, len(TEXT)), **rest: Any) -> Reading:
    ordered = tuple(sorted(marked, key=lambda m: (m.start, m.end)))
    rest = {"fully_read": True, "task": 7, "annotation": day, **rest}
    return Reading(Part("elsewhere", SHA, *part), by, f"2026-03-{day:02d}T10:00:00Z", ordered, **rest)


@pytest.fixture
def engine(new_store: Callable[[], str]) -> Iterator[Engine]:
    engine = open_engine(new_store(), create=True)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> Engine:
    """A store that holds the report with the model's three findings."""
    Writer(engine, VERSIONS, {}).add(analysed(*MACHINE))
    return engine


def add(engine: Engine, *readings: Reading) -> Counts:
    return add_readings(engine, readings, origin="http://localhost:8080/projects/3")


def stands(engine: Engine) -> dict[str, tuple[Any, ...]]:
    return {
        f["quote"]: (f["assertion"], [c["id"] for c in f["categories"]], f["reviewed_by"], f["needs_review"])
        for f in read_findings(engine)
    }


def lost(engine: Engine) -> list[tuple[Any, ...]]:
    s = superseded.c
    query = sa.select(s.quote, s.change, s.said_by, s.model, s.superseded_at).order_by(
        s.start_char, s.said_by.nulls_first(), s.model.nulls_first(), s.quote
    )
    with engine.connect() as connection:
        return [(*row[:4], row[4][8:10]) for row in connection.execute(query)]


def test_a_part_that_was_read_holds_what_its_reader_marked_and_nothing_else(store: Engine) -> None:
    shorter = BEDS.removeprefix("The jury found that ")
    counts = add(
        store, read(mark(CREW, "unsafe_practice", assertion="alleged"), mark(shorter, "bed_shortage"), mark(DOOR, "x"))
    )
    assert counts == Counts(new=1, known=0, reports=1, problems=())
    assert stands(store) == {
        CREW: ("alleged", ["unsafe_practice"], ANN, False),
        shorter: ("failing", ["bed_shortage"], ANN, False),
        DOOR: ("failing", ["x"], ANN, False),
    }
    assert lost(store) == [
        (CREW, "relabelled", None, "m-1", "01"), (BEDS, "moved", None, "m-1", "01"), (LIST, "removed", None, "m-1", "01"),
    ]  # fmt: skip
    assert list(verify(store)) == []


def test_what_is_confirmed_has_sure_scores_and_the_model_s_are_kept(store: Engine) -> None:
    add(store, read(mark(BEDS, "bed_shortage")))
    [only] = read_findings(store)
    assert (only["assertion_score"], only["categories"]) == (1.0, [{"id": "bed_shortage", "score": 1.0}])
    assert only["finding_id"] == passage_id_of(SHA, MACHINE[1])
    with store.connect() as connection:
        row = connection.execute(sa.select(superseded).where(superseded.c.change == "confirmed")).mappings().one()
    assert (row["finding_id"], row["assertion_score"]) == (only["finding_id"], 0.9)
    assert row["categories"] == [{"id": "bed_shortage", "score": 0.9}]
    assert (row["model"], row["taxonomy"], row["pipeline"]) == ("m-1", "t-1", "0.1.0")


def test_without_a_full_reading_only_what_is_marked_changes(store: Engine) -> None:
    add(store, read(mark(BEDS, "bed_shortage"), mark(DOOR, "x"), fully_read=False))
    assert stands(store) == {
        CREW: ("failing", ["communication_gap"], None, False),
        BEDS: ("failing", ["bed_shortage"], ANN, False),
        LIST: ("recommendation", ["record_keeping"], None, False),
        DOOR: ("failing", ["x"], ANN, False),
    }


def test_a_reading_says_nothing_of_other_parts(store: Engine) -> None:
    border = at(BEDS)[0] + 5
    add(store, read(part=(0, border)))
    assert list(stands(store)) == [BEDS, LIST]
    add(store, read(part=(border, len(TEXT))))
    assert list(stands(store)) == [BEDS]


def test_a_reviewed_finding_has_the_grounds_that_a_model_s_has(store: Engine) -> None:
    who = "The Exampleshire Ambulance Service NHS Trust"
    words = "crew 😀 about the risk"
    trust, home = MarkedActor(*at(who), "responsible"), MarkedActor(*at("Home Office"), "addressee")
    add(store, read(mark(words, actors=[trust, home]), mark(BEDS, "bed_shortage")))
    crew, beds = read_findings(store)
    assert crew["actors"] == [
        {"start": at(who)[0], "end": at(who)[1], "text": who, "agency": who.removeprefix("The "),
         "agency_type": "ambulance", "resolved": False, "role": "responsible"},
        {"start": at("Home Office")[0], "end": at("Home Office")[1], "text": "Home Office", "agency": "Home Office",
         "agency_type": "government_regulator", "resolved": False, "role": "addressee"},
    ]  # fmt: skip
    assert [m["text"] for m in crew["mentioned"]] == ["crew"]
    assert (crew["section"], crew["concern"], crew["page"], crew["boxes"]) == ("concerns", "1", 1, [])
    assert crew["link"] == "https://example.org/1#:~:text=crew%20%F0%9F%98%80%20about%20the"
    assert (beds["speaker"]["text"], beds["speaker"]["kind"], beds["concern"]) == ("The jury", "jury", "2")
    assert beds["boxes"] == [[float(at(BEDS)[0]), 2.0, 3.0, 4.0]]


def test_an_actor_outside_the_part_stays_and_one_inside_goes_unless_marked(engine: Engine) -> None:
    home, jury = (
        Actor(*at("Home Office"), "Home Office", "Home Office", "government_regulator"),
        Actor(*at("jury"), "jury", None, "other"),
    )
    Writer(engine, VERSIONS, {}).add(analysed(replace(MACHINE[1], actors=(jury, home))))
    part = (at(BEDS)[0], at(LIST)[0])
    add(engine, read(mark(BEDS, "bed_shortage"), part=part))
    assert [a["text"] for a in next(iter(read_findings(engine)))["actors"]] == ["Home Office"]
    assert lost(engine) == [(BEDS, "relabelled", None, "m-1", "01")]
    add(engine, read(mark(BEDS, "bed_shortage", actors=[MarkedActor(*at("jury"), "responsible")]), part=part, day=2))
    assert [a["text"] for a in next(iter(read_findings(engine)))["actors"]] == ["jury", "Home Office"]
    assert lost(engine) == [(BEDS, "confirmed", None, "m-1", "02"), (BEDS, "relabelled", ANN, None, "02")]


def test_readings_come_back_whole(store: Engine) -> None:
    given = read(
        mark(CREW, "b", "a", actors=[MarkedActor(*at("crew"), "responsible")]), comment="Not sure 😀\r\n", seconds=12.5,
        predicted=(mark(BEDS, "bed_shortage"),), model="m-1", chosen="random", is_final=True,
    )  # fmt: skip
    add(store, given)
    with store.connect() as connection:
        row = connection.execute(sa.select(metadata.tables["reviews"])).mappings().one()
    report_id = report_id_of(analysed().report)
    assert row["origin"] == "http://localhost:8080/projects/3"
    expected = replace(given, part=replace(given.part, report_id=report_id), when="2026-03-01T10:00:00+00:00")
    assert reading_of(dict(row), SHA) == expected


def test_adding_again_changes_nothing(store: Engine) -> None:
    readings = (read(mark(BEDS, "x")), read(mark(CREW), by=BOB, day=2))
    add(store, *readings)
    before = dump(store)
    same_moment = replace(
        readings[0], when="2026-03-01T11:00:00+01:00", part=replace(readings[0].part, report_id="other")
    )
    assert add(store, *readings, same_moment) == Counts(new=0, known=3, reports=0, problems=())
    assert dump(store) == before


def test_the_order_in_which_readings_arrive_does_not_matter(stores: Stores) -> None:
    readings = (
        read(mark(CREW), mark(BEDS, "x")), read(mark(BEDS, "y"), day=3), read(mark(BEDS, "y"), mark(DOOR, "x"), by=BOB, day=2),
        read(mark(LIST, "z"), by=CAT, day=2, fully_read=False),
    )  # fmt: skip
    found = []
    for number, order in enumerate(permutations(readings)):
        with stores.one() as url:
            engine = open_engine(url, create=True)
            Writer(engine, VERSIONS, {}).add(analysed(*MACHINE))
            for reading in order if number else ():
                add(engine, reading)
            if not number:
                add(engine, *order)
            found.append(dump(engine))
            engine.dispose()
    assert all(one == found[0] for one in found)


def test_a_newer_reading_by_the_same_person_counts_and_the_older_stays_on_record(store: Engine) -> None:
    add(store, read(mark(CREW, "x"), mark(DOOR, "x")))
    add(store, read(mark(CREW, "y"), day=2))
    assert stands(store) == {CREW: ("failing", ["y"], ANN, False)}
    assert lost(store) == [
        (CREW, "relabelled", None, "m-1", "02"), (CREW, "relabelled", ANN, None, "02"),
        (BEDS, "removed", None, "m-1", "02"), (LIST, "removed", None, "m-1", "02"), (DOOR, "removed", ANN, None, "02"),
    ]  # fmt: skip
    assert len(dump(store)["reviews"]) == 2


def test_what_one_person_said_twice_and_took_back_is_on_record_once(store: Engine) -> None:
    add(store, read(mark(DOOR, "x")), read(mark(DOOR, "x"), day=2, comment="as before"), read(day=3))
    assert [row for row in lost(store) if row[2]] == [(DOOR, "removed", ANN, None, "03")]
    assert len(dump(store)["reviews"]) == 3


def test_what_a_newer_reading_leaves_open_is_the_model_s_again_to_the_last_box(store: Engine) -> None:
    before = dump(store)
    add(store, read(mark(CREW, "x")))
    add(store, read(day=2, fully_read=False, comment="I have not read it after all"))
    after = dump(store)
    for name in ("findings", "finding_categories", "actors"):
        assert after[name] == before[name], name
    assert lost(store) == [(CREW, "removed", ANN, None, "02")]


def test_two_who_agree_stand_together(store: Engine) -> None:
    trust = MarkedActor(*at("crew"), "responsible")
    add(store, read(mark(CREW, "x", actors=[trust]), by=BOB), read(mark(CREW, "x"), day=2))
    assert stands(store) == {CREW: ("failing", ["x"], f"{ANN}; {BOB}", False)}
    [only] = read_findings(store)
    assert only["actors"] == []


@pytest.mark.parametrize(
    "other",
    [
        read(by=BOB, day=2),
        read(mark(CREW, "y"), by=BOB, day=2),
        read(mark(CREW, "x", assertion="alleged"), by=BOB, day=2),
    ],
)
def test_where_two_disagree_the_model_s_finding_stays_and_needs_review(store: Engine, other: Reading) -> None:
    add(store, read(mark(CREW, "x"), mark(DOOR, "x")), other)
    assert stands(store) == {CREW: ("failing", ["communication_gap"], None, True)}
    assert (CREW, "disputed", None, "m-1", "02") in lost(store)
    assert (DOOR, "disputed", ANN, None, "02") in lost(store)
    assert list(verify(store)) == []


def test_a_final_reading_decides_and_what_it_overrules_is_on_record(store: Engine) -> None:
    add(
        store,
        read(mark(CREW, "x")),
        read(mark(BEDS, "y"), by=BOB, day=3),
        read(mark(CREW, "z"), by=CAT, day=2, is_final=True),
    )
    assert stands(store) == {CREW: ("failing", ["z"], CAT, False)}
    assert lost(store) == [
        (CREW, "relabelled", None, "m-1", "02"), (CREW, "relabelled", ANN, None, "02"),
        (BEDS, "removed", None, "m-1", "02"), (BEDS, "removed", BOB, None, "02"), (LIST, "removed", None, "m-1", "02"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("readings", "standing", "categories"),
    [
        ([], "unread", None),
        ([read(fully_read=False)], "unread", None),
        ([read()], "rejected", None),
        ([read(mark(CREW, "x"), fully_read=False)], "agreed", ("x",)),
        ([read(mark(CREW, "x")), read(by=BOB, fully_read=False)], "agreed", ("x",)),
        ([read(mark(CREW, "x")), read(by=BOB)], "disputed", None),
        ([read(mark(CREW, "x")), read(by=BOB), read(by=CAT)], "rejected", None),
        ([read(mark(CREW, "x")), read(mark(CREW, "y", "x"), by=BOB), read(by=CAT)], "disputed", None),
        (
            [read(mark(CREW, "x")), read(mark(CREW, "y", "x"), by=BOB), read(mark(CREW, "y", "x"), by=CAT)],
            "agreed",
            ("x", "y"),
        ),
        ([read(mark(CREW, "x")), read(by=BOB, is_final=True)], "rejected", None),
        ([read(mark(CREW, "x")), read(by=BOB, is_final=True, fully_read=False)], "agreed", ("x",)),
        ([read(mark(CREW, "x"), part=(0, 5))], "unread", None),
        ([read(mark(CREW, "x")), read(part=(0, at(CREW)[1]), day=2)], "rejected", None),
    ],
)
def test_verdicts(readings: list[Reading], standing: str, categories: tuple[str, ...] | None) -> None:
    said = verdict(*at(CREW), readings)
    assert (said.standing, said.marked and said.marked.categories) == (standing, categories)


def test_calls_answer_what_stands(store: Engine) -> None:
    def answered() -> list[str]:
        [report] = read_reports(store)
        quotes = {f["finding_id"]: f["quote"] for f in read_findings(store)}
        return [quotes[key] for call in report["recommendations"] for key in call["answers"]]

    assert answered() == [BEDS]
    add(store, read(mark(LIST, "x", assertion="recommendation")))
    assert answered() == []
    shorter = BEDS.removeprefix("The jury found that ")
    add(store, read(mark(shorter, "x"), mark(BEDS, "y"), mark(LIST, "x", assertion="recommendation"), day=2))
    assert answered() == [BEDS, shorter]


def test_reviews_outlive_a_newer_model(store: Engine) -> None:
    add(store, read(mark(CREW, "x"), part=(0, at(BEDS)[0])))
    newer = Writer(store, replace(VERSIONS, model="m-2"), {})
    assert newer.add(analysed(replace(MACHINE[0], assertion="alleged"), finding(DOOR, "y"))) == "redone"
    assert stands(store) == {CREW: ("failing", ["x"], ANN, False), DOOR: ("failing", ["y"], None, False)}
    assert lost(store) == [(CREW, "relabelled", None, "m-1", "01"), (CREW, "relabelled", None, "m-2", "01")]
    again = dump(store)
    assert newer.add(analysed(replace(MACHINE[0], assertion="alleged"), finding(DOOR, "y"))) == "redone"
    assert dump(store) == again
    assert add(store, read(mark(CREW, "x"), part=(0, at(BEDS)[0]))).known == 1
    assert list(verify(store)) == []


def test_a_model_that_finds_nothing_takes_nothing_that_people_found(store: Engine) -> None:
    add(store, read(mark(BEDS, "bed_shortage"), mark(DOOR, "x")))
    [beds, _] = read_findings(store)
    assert Writer(store, replace(VERSIONS, model="m-2"), {}).add(analysed()) == "redone"
    assert stands(store) == {BEDS: ("failing", ["bed_shortage"], ANN, False), DOOR: ("failing", ["x"], ANN, False)}
    assert next(iter(read_findings(store)))["boxes"] == beds["boxes"] != []
    assert [row[:2] for row in lost(store)] == [(CREW, "removed"), (BEDS, "confirmed"), (LIST, "removed")]


def test_reviews_outlive_another_source_of_the_text_but_its_pages_do_not(store: Engine) -> None:
    add(store, read(mark(BEDS, "x")))
    before = dump(store)
    other = analysed(*MACHINE, source="b/two.docx", digest="others")
    assert Writer(store, VERSIONS, {}).add(other) == "duplicate"
    assert {k: v for k, v in dump(store).items() if k != "sources"} == {
        k: v for k, v in before.items() if k != "sources"
    }
    assert Writer(store, replace(VERSIONS, model="m-2"), {}).add(replace(other, findings=())) == "redone"
    assert stands(store) == {BEDS: ("failing", ["x"], ANN, False)}
    [only] = read_findings(store)
    assert (only["boxes"], only["source"]) == ([], "b/two.docx")
    assert list(verify(store)) == []


def test_a_reviewed_report_outlives_a_change_of_its_file(store: Engine) -> None:
    add(store, read(mark(BEDS, "x")))
    new = Report("Another text.", "a/one.pdf", "new bytes")
    assert Writer(store, VERSIONS, {}).add(Analysed(new, (), ())) == "redone"
    assert stands(store) == {BEDS: ("failing", ["x"], ANN, False)}
    assert {report["text"]: report["sources"] for report in read_reports(store)} == {
        TEXT: [],
        "Another text.": ["a/one.pdf"],
    }
    assert Writer(store, VERSIONS, {}).add(analysed(*MACHINE)) == "redone"
    assert stands(store) == {BEDS: ("failing", ["x"], ANN, False)}
    assert [report["sources"] for report in read_reports(store)] == [["a/one.pdf"]]


def test_deleting_a_report_deletes_all_that_people_said_of_it(store: Engine) -> None:
    add(store, read(mark(BEDS, "x")), read(mark(CREW, "x"), day=2))
    assert dump(store)["superseded"]
    with store.begin() as connection:
        connection.execute(sa.delete(metadata.tables["reports"]))
    assert all(not rows for rows in dump(store).values())
    assert list(verify(store)) == []


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        (replace(read(), part=Part("elsewhere", sha256(b"other"), 0, 5)), "no report in the store has this text"),
        (read(part=(0, len(TEXT) + 1)), "part [0, "),
        (read(mark(DOOR), part=(0, 9)), "region ["),
        (read(Marked(5, 5, "failing", ("x",))), "region [5, 5)"),
        (read(mark(CREW, actors=[MarkedActor(-1, 3, "responsible")])), "region [-1, 3)"),
        (read(mark(CREW), mark(CREW, "x")), "two findings on the same words"),
        (read(Marked(*at(CREW), "failing", ())), "without a category"),
        (replace(read(), when="yesterday"), "yesterday"),
        (read(by=" "), "nobody"),
    ],
)
def test_a_reading_that_does_not_fit_is_named_and_left_out(store: Engine, reading: Reading, says: str) -> None:
    counts = add(store, reading, read(mark(BEDS, "x"), by=BOB))
    assert (counts.new, counts.known) == (1, 0)
    [problem] = counts.problems
    assert says in problem
    assert problem.startswith(f"{reading.part.key} by ")
    assert stands(store) == {BEDS: ("failing", ["x"], BOB, False)}


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE superseded SET quote = 'made up'", "superseded"),
        ("UPDATE superseded SET end_char = 9999", "superseded"),
        ("UPDATE superseded SET actors = CAST(replace(CAST(actors AS TEXT), 'The', 'She') AS JSON)", "superseded"),
        ("UPDATE reviews SET end_char = 9999", "part [0, 9999)"),
        ("UPDATE reviews SET end_char = 20", "region ["),
        ("UPDATE findings SET quote = 'made up'", "finding"),
    ],
)
def test_verify_names_what_was_tampered_with(store: Engine, statement: str, fault: str) -> None:
    add(store, read(mark(CREW, "x")))
    assert list(verify(store)) == []
    with store.begin() as connection:
        if store.dialect.name == "sqlite":  # which has no type JSON to cast to
            statement = statement.replace("AS JSON", "AS TEXT")
        connection.exec_driver_sql(statement)
    assert any(fault in line for line in verify(store))


def test_reviewed_findings_are_searched_and_exported(store: Engine, tmp_path: Path) -> None:
    add(store, read(mark(DOOR, "locked_door")))
    for wanted, count in (
        (Filter(words="door locked"), 1),
        (Filter(words="bed"), 0),
        (Filter(category="locked_door"), 1),
    ):
        assert len(list(read_findings(store, wanted))) == count
    assert writer_of("csv")(read_findings(store), tmp_path / "out.csv") == 1
    assert ANN in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")


def test_a_store_from_before_there_were_reviews_keeps_all_it_holds(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    old = sa.create_engine(url)
    config = Config()
    config.set_main_option("script_location", "pipeline.store:migrations")
    one = analysed(*MACHINE)
    report_id = report_id_of(one.report)
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        versions = {"model": "m-1", "taxonomy": "t-1", "pipeline": "0.1.0"}
        connection.execute(sa.insert(metadata.tables["reports"]).values(report_row(one.report, report_id, versions)))
        for table, rows in rows_of(one, report_id):
            if rows:
                connection.execute(sa.insert(table), rows)
        held = {
            n: connection.execute(sa.select(t)).all()
            for n, t in metadata.tables.items()
            if n not in ("reviews", "superseded")
        }
    assert not {"reviews", "superseded"} & set(sa.inspect(old).get_table_names())
    old.dispose()
    engine = open_engine(url)
    with engine.connect() as connection:
        assert {name: connection.execute(sa.select(metadata.tables[name])).all() for name in held} == held
    assert len(held["findings"]) == 3
    assert add(engine, read(mark(BEDS, "x"))).new == 1
    assert stands(engine) == {BEDS: ("failing", ["x"], ANN, False)}
    assert list(verify(engine)) == []
    engine.dispose()


WORDS = [m for w in (CREW, BEDS, LIST, DOOR) for m in (at(w), (at(w)[0] + 4, at(w)[1]), (at(w)[0], at(w)[1] - 5))]
PARTS = [(0, len(TEXT)), (0, at(BEDS)[0]), (at(BEDS)[0], len(TEXT))]


@st.composite
def any_reading(draw: st.DrawFn) -> Reading:
    part = draw(st.sampled_from(PARTS))
    fitting = [w for w in WORDS if part[0] <= w[0] and w[1] <= part[1]]
    places = draw(st.lists(st.sampled_from(fitting), unique=True, max_size=5))
    assertions = st.sampled_from(("failing", "alleged", "recommendation", "remedied"))
    categories = st.lists(st.sampled_from("xyz"), min_size=1, unique=True).map(tuple)
    actors = st.lists(
        st.builds(MarkedActor, st.just(part[0]), st.integers(part[0] + 1, part[1]), st.just("addressee")), max_size=2
    )
    marked = [Marked(*p, draw(assertions), draw(categories), tuple(draw(actors))) for p in places]
    return read(
        *marked, by=draw(st.sampled_from((ANN, BOB, CAT))), day=draw(st.integers(1, 9)), part=part,
        fully_read=draw(st.booleans()), is_final=draw(st.sampled_from((False, False, True))),
    )  # fmt: skip


def said_by_now(readings: Sequence[Reading]) -> list[Reading]:
    """The newest reading of each part by each person, written out once more."""
    newest: dict[tuple[Any, ...], Reading] = {}
    for r in readings:
        key = (r.part.start, r.part.end, r.annotator)
        if key not in newest or (r.when, r.is_final) >= (newest[key].when, newest[key].is_final):
            newest[key] = r
    return list(newest.values())


@settings(max_examples=300, deadline=None)
@given(st.lists(any_reading(), max_size=6), st.sets(st.sampled_from(MACHINE)), st.randoms())
def test_every_quote_holds_and_a_read_part_keeps_no_unmarked_finding(
    readings: list[Reading], made: set[Finding], chance: Any
) -> None:
    found = review(TEXT, sorted(made, key=lambda f: f.start), readings)
    for one in (*found.findings, *(s.finding for s in found.superseded)):
        one.check(TEXT)
    assert len({(f.start, f.end) for f in found.findings}) == len(found.findings)
    now = said_by_now(list(dict.fromkeys(readings)))
    clash = len({(r.part, r.annotator, r.when, r.is_final) for r in readings}) < len(set(readings))
    for one in () if clash else found.findings:
        holds = [r for r in now if r.part.start <= one.start and one.end <= r.part.end]
        marks = [r for r in holds if any((m.start, m.end) == (one.start, one.end) for m in r.marked)]
        assert marks or (not one.reviewed_by and not any(r.fully_read for r in holds))
        assert set((one.reviewed_by or "").split("; ")) - {""} <= {r.annotator for r in marks}
    shuffled = chance.sample(readings, len(readings))
    assert review(TEXT, sorted(made, key=lambda f: f.start), shuffled) == found
    kept = {(f.start, f.end) for f in found.findings if not f.reviewed_by and not f.needs_review}
    assert kept | {(s.finding.start, s.finding.end) for s in found.superseded} >= {(f.start, f.end) for f in made}


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(any_reading(), max_size=3), max_size=3))
def test_a_store_holds_after_any_readings_and_comes_to_the_same_when_redone(
    stores: Stores, batches: list[list[Reading]]
) -> None:
    with stores.one() as url:
        engine = open_engine(url, create=True)
        writer = Writer(engine, VERSIONS, {})
        writer.add(analysed(*MACHINE))
        for batch in batches:
            add(engine, *batch)
        assert list(verify(engine)) == []
        before = dump(engine)
        writer.add(analysed(*MACHINE))
        assert dump(engine) == before
        for record in read_findings(engine):
            assert TEXT[record["start"] : record["end"]] == record["quote"]
        engine.dispose()
