"""The views of a store give what one counts by hand, under the columns that they promise."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from small_store import FIRST, SECOND, fill_store, first
from sqlalchemy.engine import Engine
from stores import Stores

from pipeline.store.connect import open_engine
from pipeline.store.views import VIEWS
from pipeline.store.writer import Versions, Writer

ANN = "ann@example.org"
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def store(stores: Stores) -> Iterator[Engine]:
    with stores.one() as url:
        fill_store(url)
        engine = open_engine(url)
        yield engine
        engine.dispose()


def rows(engine: Engine, view: str, *names: str) -> list[tuple[Any, ...]]:
    columns = [VIEWS[view].c[name] for name in names] or list(VIEWS[view].c)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns))]


def test_the_views_have_the_columns_that_they_promise(store: Engine) -> None:
    found = sa.inspect(store)
    assert {name: [c["name"] for c in found.get_columns(name)] for name in found.get_view_names()} == {
        name: list(view.c.keys()) for name, view in VIEWS.items()
    }


def test_every_column_of_every_view_is_documented() -> None:
    text = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
    listed = {
        row[1]: set(re.findall(r"`(\w+)`", row[2]))
        for row in re.finditer(r"^\| `(v_\w+)` \|[^|]*\|(.*)\|$", text, re.M)
    }
    assert listed == {name: set(view.c.keys()) for name, view in VIEWS.items()}


def test_the_superset_dashboard_reads_columns_that_there_are() -> None:
    sets = sorted((ROOT / "docs" / "superset" / "datasets" / "failings").glob("*.yaml"))
    assert len(sets) == 4
    for path in sets:
        read = set(re.findall(r"^- column_name: (\w+)$", path.read_text(encoding="utf-8"), re.M))
        assert read == set(VIEWS[path.stem].c.keys())


def test_what_the_table_says_of_a_report_goes_before_what_its_words_say(store: Engine) -> None:
    assert sorted(rows(store, "v_reports", "source", "date", "year", "area", "title"), key=str) == [
        ("one.txt", "2023-05-12", 2023, "North", "One & <i>only</i>"),
        ("three.txt", "May 2021", None, None, None),
        ("two.txt", "2024-02-03", 2024, "South", "Two"),
    ]


def test_there_is_one_row_a_finding_with_its_names_joined(store: Engine) -> None:
    found = rows(
        store, "v_findings", "source", "start_char", "assertion", "category", "category_score", "categories", "agencies",
        "agency_types", "needs_review", "reviewed_by", "speaker_kind", "year", "area", "url",
    )  # fmt: skip
    script, web = "javascript:alert(1)", "https://example.org/2"
    trust, police = ("Exampleshire Trust", "acute_trust"), ("Exampleshire Police", "police")
    north, south = (2023, "North", script), (2024, "South", web)
    assert sorted(found) == [
        ("one.txt", 39, "failing", "communication_gap", 0.9, "communication_gap; buck_passing", *trust, False, None, None, *north),
        ("one.txt", 75, "failing", "bed_shortage", 0.8, "bed_shortage", *trust, False, None, None, *north),
        ("one.txt", 106, "recommendation", "record_keeping", 0.55, "record_keeping", *trust, True, None, None, *north),
        ("two.txt", 0, "failing", "restraint", 0.95, "restraint", *police, False, None, None, *south),
        ("two.txt", 31, "alleged", "communication_gap", 0.7, "communication_gap", None, None, False, ANN, "family", *south),
        ("two.txt", 64, "recommendation", "restraint", 0.9, "restraint; training", *police, False, None, None, *south),
    ]  # fmt: skip


def test_a_quote_is_the_words_at_its_place(store: Engine) -> None:
    texts = {"one.txt": FIRST, "two.txt": SECOND}
    found = rows(store, "v_findings", "source", "start_char", "end_char", "quote")
    assert len(found) == 6
    assert [quote for *_, quote in found] == [texts[source][start:end] for source, start, end, _ in found]


def test_there_is_one_row_a_category_of_a_finding(store: Engine) -> None:
    assert sorted(rows(store, "v_finding_categories", "category", "score", "assertion", "year", "needs_review")) == [
        ("bed_shortage", 0.8, "failing", 2023, False),
        ("buck_passing", 0.6, "failing", 2023, False),
        ("communication_gap", 0.7, "alleged", 2024, False),
        ("communication_gap", 0.9, "failing", 2023, False),
        ("record_keeping", 0.55, "recommendation", 2023, True),
        ("restraint", 0.9, "recommendation", 2024, False),
        ("restraint", 0.95, "failing", 2024, False),
        ("training", 0.9, "recommendation", 2024, False),
    ]


def test_findings_and_reports_are_counted_by_year_and_category(store: Engine) -> None:
    assert sorted(rows(store, "v_findings_by_year_category")) == [
        (2023, "bed_shortage", 1, 1), (2023, "buck_passing", 1, 1), (2023, "communication_gap", 1, 1),
        (2023, "record_keeping", 1, 1), (2024, "communication_gap", 1, 1), (2024, "restraint", 2, 1), (2024, "training", 1, 1),
    ]  # fmt: skip


def test_agencies_count_what_is_attributed_to_them_and_not_where_they_are_only_mentioned(store: Engine) -> None:
    assert sorted(rows(store, "v_agencies")) == [
        ("Exampleshire Police", "police", 2, 1),
        ("Exampleshire Trust", "acute_trust", 3, 1),
    ]


def test_recommendations_have_addressees_deadline_and_how_many_findings_they_answer(store: Engine) -> None:
    assert sorted(
        rows(store, "v_recommendations", "source", "addressees", "deadline", "answers", "concern", "year")
    ) == [
        ("one.txt", "Exampleshire Trust", None, 1, "1", 2023),
        ("two.txt", "The police", "2024-05-31", 1, None, 2024),
    ]


def test_categories_that_share_a_finding_or_a_report(store: Engine) -> None:
    assert sorted(rows(store, "v_cooccurrence")) == [
        ("bed_shortage", "buck_passing", 0, 1), ("bed_shortage", "communication_gap", 0, 1),
        ("bed_shortage", "record_keeping", 0, 1), ("buck_passing", "communication_gap", 1, 1),
        ("buck_passing", "record_keeping", 0, 1), ("communication_gap", "record_keeping", 0, 1),
        ("communication_gap", "restraint", 0, 1), ("communication_gap", "training", 0, 1), ("restraint", "training", 1, 1),
    ]  # fmt: skip


def test_a_store_from_before_the_views_gets_them_when_it_is_opened(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = sa.create_engine(url)
    config = Config()
    config.set_main_option("script_location", "pipeline.store:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    Writer(engine, Versions("m-1", "t-1", "0.1.0"), {}).add(first())
    assert sa.inspect(engine).get_view_names() == []
    engine.dispose()
    opened = open_engine(url)
    assert len(rows(opened, "v_findings")) == 3
    opened.dispose()
