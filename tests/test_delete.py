"""A deleted report is in no row and in no byte of the store."""

import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from small_store import SECOND, VERSIONS, fill_store, make_store, second
from stores import Stores

from pipeline.annotate.records import Part, Reading
from pipeline.cli import main
from pipeline.report import sha256
from pipeline.store.connect import open_engine
from pipeline.store.delete import delete_report
from pipeline.store.reader import Filter, read_findings
from pipeline.store.reports import find_report
from pipeline.store.reviews import add_readings
from pipeline.store.schema import failures, metadata, runs
from pipeline.store.writer import Writer

if TYPE_CHECKING:
    from postgres_server import Server

WORDS = ("held him face down", "two.txt", "bob@example.org", "train all officers", "as he told me", "face", "officers")
OWN = WORDS[:-2]  # a server's tables hold many words
Command = Callable[..., subprocess.CompletedProcess[str]]


def fill(url: str) -> None:
    """Three reports; the second also failed once, is a duplicate elsewhere, was named on the command line, and was reviewed."""
    fill_store(url)
    engine = open_engine(url)
    writer = Writer(engine, VERSIONS, {"paths": ["two.txt", "folder"]})
    writer.add(second())
    writer.fail("copy of two.txt", "damaged")
    with engine.begin() as connection:
        row = connection.execute(sa.text("SELECT * FROM sources WHERE source = 'two.txt'")).mappings().one()
        connection.execute(metadata.tables["sources"].insert().values({**row, "source": "copy of two.txt"}))
    report_id, digest = row["report_id"], sha256(SECOND.encode())
    part = Part(report_id, digest, 0, len(SECOND))
    reading = Reading(part, "bob@example.org", "2024-01-01T00:00:00Z", (), fully_read=True, comment="as he told me")
    add_readings(engine, [reading], origin="here")
    engine.dispose()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "findings.db"
    fill(f"sqlite:///{path}")
    return path


def bytes_of(store: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(store.parent.glob(f"{store.name}*")))


def test_no_byte_of_a_deleted_report_stays(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert all(word.encode() in bytes_of(store) for word in WORDS)
    assert main(["delete", "two.txt", "--yes", "--store", str(store)]) == 0
    left = bytes_of(store)
    assert [word for word in WORDS if word.encode() in left] == []
    out, err = capsys.readouterr()
    assert "1 reviews" in out
    assert "copy of two.txt, two.txt" in out
    assert "bring them back" in err


def test_no_table_of_a_server_keeps_a_byte_of_a_deleted_report(postgres: "Server", failings: Command) -> None:
    def tables(engine: sa.Engine) -> bytes:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("CHECKPOINT"))
            number = connection.execute(sa.text("SELECT oid FROM pg_database WHERE datname = current_database()"))
            (folder,) = postgres.folder.glob(f"**/base/{number.scalar_one()}")
        return b"".join(path.read_bytes() for path in folder.iterdir())

    with postgres.store() as url:
        fill(url)
        engine = open_engine(url)
        before = tables(engine)
        assert all(word.encode() in before for word in OWN)
        assert failings("delete", "two.txt", "--yes", "--store", url).returncode == 0
        after = tables(engine)
        engine.dispose()
    assert [word for word in OWN if word.encode() in after] == []
    assert b"one.txt" in after


@pytest.fixture
def left(stores: Stores, failings: Command) -> Iterator[str]:
    """The URL of a store out of which a report was deleted."""
    with stores.one() as url:
        fill(url)
        assert failings("delete", "two.txt", "--yes", "--store", url).returncode == 0
        yield url


def test_the_other_reports_stay_whole_and_are_found(left: str, failings: Command) -> None:
    engine = open_engine(left)
    assert {r["source"] for r in read_findings(engine)} == {"one.txt"}
    assert [r["source"] for r in read_findings(engine, Filter(words="bed"))] == ["one.txt"]
    assert list(read_findings(engine, Filter(words="face"))) == []
    with engine.connect() as connection:
        assert connection.execute(sa.select(failures)).all() == []
        assert "two.txt" not in str(connection.execute(sa.select(runs.c.options)).all())
    engine.dispose()
    assert failings("verify", "--store", left).returncode == 0


def test_nothing_is_deleted_unless_somebody_agrees(store: Path, failings: Command) -> None:
    asked = failings("delete", "two.txt", "--store", store)
    assert asked.returncode == 2
    assert "--yes" in asked.stderr
    unknown = failings("delete", "no such report", "--yes", "--store", store)
    assert unknown.returncode == 2
    assert find_report(open_engine(f"sqlite:///{store}"), "two.txt")


def test_a_store_that_is_open_elsewhere_is_wiped_later(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(f"sqlite:///{store}")
    connection = engine.connect()
    connection.execute(sa.text("SELECT count(*) FROM findings")).all()
    monkeypatch.setattr("pipeline.store.delete.BUSY_MILLISECONDS", 50)
    other = open_engine(f"sqlite:///{store}")
    delete_report(other, find_report(other, "two.txt")["report_id"])
    assert main(["delete", "--store", str(store)]) == 1
    assert "close what else" in capsys.readouterr().err
    connection.close()
    engine.dispose()
    assert main(["delete", "--store", str(store)]) == 0
    assert b"held him face down" not in bytes_of(store)


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_a_new_store_is_its_owners_alone(tmp_path: Path) -> None:
    path = make_store(tmp_path / "new.db")
    engine = open_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1 FROM runs")).all()
        modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("new.db*")}
    assert modes == {0o600}
