"""What only a server does: opening it, its words, restarts in the middle, and readers and writers at once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from small_store import fill_store, first, second, third
from sqlalchemy.engine import Engine
from stores import Stores, rows

from pipeline.errors import StoreError
from pipeline.store import transactions
from pipeline.store.connect import open_engine, shown
from pipeline.store.schema import metadata
from pipeline.store.writer import Versions, Writer

if TYPE_CHECKING:
    from postgres_server import Server

ROOT = Path(__file__).parent.parent
VERSIONS = Versions("m-1", "t-1", "0.1.0")
SECRET = "s3cret-0f-ours"  # noqa: S105


@pytest.fixture
def engine(postgres: "Server") -> Iterator[Engine]:
    with postgres.store() as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def failings(url: str, *args: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "FAILINGS_STORE": url}
    command = [sys.executable, "-m", "pipeline", *args]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://u@127.0.0.1:1/db", "postgresql://u@127.0.0.1:1/db cannot be used as a store: connection failed"),
        (f"postgresql://u:{SECRET}@127.0.0.1:1/db", "Connection refused"),
        (f"postgresql://u:{SECRET}@127.0.0.1:port/db", "cannot be read; a store is a file"),
        (f"postgresql://u:{SECRET}@more@host/db", "%40"),
        (f"mysql://u:{SECRET}@host/db", "no store is of the kind 'mysql'"),
        (f"postgresql://u@127.0.0.1:1/db?password={SECRET}", "Connection refused"),
        (f"postgresql://u@127.0.0.1:1/db?nonsense={SECRET}", "nonsense"),
    ],
)
def test_a_server_that_cannot_be_reached_is_one_line_without_the_password(url: str, says: str) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError) as raised:
        open_engine(url, create=True)
    assert says in str(raised.value)
    assert SECRET not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_without_the_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'failings\[postgres\]'"):
        open_engine("postgresql://u@host/db")


def test_a_name_for_people_has_no_password() -> None:
    assert shown(f"postgres://ann:{SECRET}@host:5433/db?sslmode=require") == "postgresql://ann:***@host:5433/db"
    assert shown("sqlite:////a/b.db") == "/a/b.db"


def test_a_wrong_password_a_missing_database_and_an_empty_one_are_refused(postgres: "Server") -> None:
    empty = postgres.new_database()
    with pytest.raises(StoreError, match="no store in postgresql://owner@/d"):
        open_engine(empty)
    postgres.say("DROP ROLE IF EXISTS locked; CREATE ROLE locked LOGIN PASSWORD 'another'")
    with pytest.raises(StoreError, match="password authentication failed") as raised:
        open_engine(empty.replace("owner@", f"locked:{SECRET}@"), create=True)
    assert SECRET not in str(raised.value)
    with pytest.raises(StoreError, match='database "nowhere" does not exist'):
        open_engine(postgres.url("nowhere"), create=True)


def test_a_database_of_something_else_of_a_newer_failings_or_of_another_encoding_is_refused(postgres: "Server") -> None:
    foreign, newer, narrow = postgres.new_database(), postgres.new_database(), postgres.new_database()
    from postgres_server import name_of

    postgres.say("CREATE TABLE photos (id int)", name_of(foreign))
    with pytest.raises(StoreError, match="something else"):
        open_engine(foreign, create=True)
    open_engine(newer, create=True).dispose()
    postgres.say("UPDATE alembic_version SET version_num = '9999'", name_of(newer))
    with pytest.raises(StoreError, match="upgrade failings"):
        open_engine(newer)
    postgres.say(f"DROP DATABASE {name_of(narrow)}")
    postgres.say(f"CREATE DATABASE {name_of(narrow)} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(StoreError, match="ENCODING 'UTF8'"):
        open_engine(narrow, create=True)


def test_the_password_is_neither_printed_nor_stored(postgres: "Server", samples: Path) -> None:
    from postgres_server import name_of

    empty = postgres.new_database()
    postgres.say(f"DROP ROLE IF EXISTS locked; CREATE ROLE locked LOGIN PASSWORD '{SECRET}'")
    postgres.say(f"ALTER DATABASE {name_of(empty)} OWNER TO locked")
    postgres.say("GRANT ALL ON SCHEMA public TO locked", name_of(empty))
    url = empty.replace("owner@", f"locked:{SECRET}@")
    done = failings(url, "run", str(samples / "custody_inspection.txt"), "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert f"postgresql://locked:***@/{name_of(empty)} holds" in done.stdout
    assert SECRET not in done.stdout + done.stderr
    engine = open_engine(url)
    with engine.connect() as connection:
        held = [list(map(str, connection.execute(sa.select(table)))) for table in metadata.sorted_tables]
    engine.dispose()
    assert SECRET not in json.dumps(held)


def test_a_role_that_may_only_read_can_search_and_not_write(postgres: "Server") -> None:
    from postgres_server import name_of

    with postgres.store() as url:
        fill_store(url)
        postgres.say("DROP ROLE IF EXISTS looker; CREATE ROLE looker LOGIN")
        postgres.say("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker", name_of(url))
        theirs = url.replace("owner@", "looker@")
        found = failings(theirs, "search", "bed", "--json")
        assert found.returncode == 0, found.stderr
        assert json.loads(found.stdout)["quote"] == "No bed was free at the Trust."
        engine = open_engine(theirs)
        with pytest.raises(StoreError, match="permission denied"):
            Writer(engine, VERSIONS, {})
        engine.dispose()
        postgres.say("DROP OWNED BY looker; DROP ROLE looker", name_of(url))


def test_the_dashboard_says_that_it_reads_files(postgres: "Server") -> None:
    pytest.importorskip("datasette", reason='needs pip install "failings[dashboard]"')
    with postgres.store() as url:
        said = failings(url, "dashboard", "--port", "0")
    assert said.returncode == 2
    assert "the dashboard reads SQLite files" in said.stderr


def test_a_restart_in_the_middle_loses_and_doubles_nothing(postgres: "Server", engine: Engine) -> None:
    writer = Writer(engine, VERSIONS, {})
    assert writer.add(first()) == "new"
    postgres.restart()
    assert writer.add(second()) == "new"
    postgres.restart()
    assert writer.is_done("two.txt", second().report.source_sha256)
    assert writer.add_all([first(), third()]) == ["redone", "new"]
    writer.finish("done", {})
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM reports")).scalar() == 3
        assert connection.execute(sa.text("SELECT count(*) FROM findings")).scalar() == 6
        assert connection.execute(sa.text("SELECT status FROM runs")).scalars().all() == ["done"]


def test_a_server_that_stays_away_ends_the_run_with_one_line(
    postgres: "Server", engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "PATIENCE_SECONDS", 0.3)
    writer = Writer(engine, VERSIONS, {})
    writer.add(first())
    postgres.stop()
    try:
        with pytest.raises(StoreError, match=r"went away \(.*the same command goes on from here"):
            writer.add(second())
    finally:
        postgres.start()
    assert Writer(engine, VERSIONS, {}).add_all([first(), second()]) == ["redone", "new"]


def start(folder: Path, url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipeline", "run", "batch", "--workers", "1", "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "FAILINGS_STORE": url}
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for_reports(postgres: "Server", url: str, count: int) -> None:
    from postgres_server import name_of

    for _ in range(1200):
        if postgres.ask("SELECT count(*) FROM reports", name_of(url)) >= count:
            return
        time.sleep(0.05)
    raise AssertionError("the batch never got going")


def test_a_run_goes_through_a_kill_9_and_a_restart_of_the_server(postgres: "Server", tmp_path: Path) -> None:
    (tmp_path / "batch").mkdir()
    for number in range(60):
        text = f"Report {number}.\n\nThe control room did not tell the crew about warning {number}.\n"
        (tmp_path / "batch" / f"r{number:03}.txt").write_text(text)
    with postgres.store() as url, Stores(tmp_path, None).one() as calm:
        victim = start(tmp_path, url)
        wait_for_reports(postgres, url, 1)
        os.killpg(victim.pid, signal.SIGKILL)
        victim.communicate()
        disturbed = start(tmp_path, url)
        wait_for_reports(postgres, url, 8)
        postgres.restart()
        out, err = disturbed.communicate(timeout=200)
        assert disturbed.returncode == 0, err
        assert json.loads(out)["store"]["reports"] == 60
        alone = start(tmp_path, calm)
        _, err = alone.communicate(timeout=200)
        assert alone.returncode == 0, err
        engines = [open_engine(each) for each in (url, calm)]
        assert rows(engines[0]) == rows(engines[1])
        for engine in engines:
            engine.dispose()
