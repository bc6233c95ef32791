"""Several programs at one store at the same time: nothing is doubled, nothing is lost, and a reader sees one moment."""

import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
import sqlalchemy as sa
from small_store import FIRST, VERSIONS, analysed, finding, first, second, third
from stores import Stores, rows

from pipeline.errors import Unreadable
from pipeline.export import writer_of
from pipeline.export.jsonl import write_jsonl
from pipeline.report import Analysed, Report
from pipeline.store.connect import open_engine
from pipeline.store.held import Held
from pipeline.store.reader import read_findings
from pipeline.store.reports import read_reports
from pipeline.store.verify import verify
from pipeline.store.writer import Writer

TESTS = Path(__file__).parent
COUNT = 60
# one of two programs: opens the store, waits for the other, and writes a part of the reports, some at once, some one by one
WRITE = """
import sys
sys.path[:0] = [{tests!r}, {root!r}]
from test_together import made, VERSIONS
from pipeline.store.connect import open_engine
from pipeline.store.writer import Writer
first, last, step = map(int, sys.argv[2:])
engine = open_engine(sys.argv[1], create=True)
writer = Writer(engine, VERSIONS, {{}})
print("ready", flush=True)
sys.stdin.readline()
batch = [one for one in made()[first:last] if not writer.is_done(one.report.source, one.report.source_sha256)]
for at in range(0, len(batch), step):
    writer.add_all(batch[at : at + step])
writer.finish("done", {{}})
"""


def made() -> list[Analysed]:
    """Reports that differ, every tenth also under another name."""
    reports = []
    for number in range(COUNT):
        words = f"Nobody told ward {number}."
        text = f"Report {number}. {words} A bed was not free."
        found = (
            finding(text, words, ("communication_gap", 0.9)),
            finding(text, "A bed was not free.", ("bed_shortage", 0.8)),
        )
        reports.append(analysed(text, f"r{number:03}.txt", found, {}))
        if number % 10 == 0:
            reports.append(analysed(text, f"r{number:03}_copy.txt", found, {}))
    return reports


def start(url: str, *args: int) -> subprocess.Popen[str]:
    program = WRITE.format(tests=str(TESTS), root=str(TESTS.parent))
    command = [sys.executable, "-c", program, url, *map(str, args)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_runs_at_once_leave_what_one_leaves(stores: Stores, tmp_path: Path) -> None:
    alone = open_engine(f"sqlite:///{tmp_path / 'alone.db'}", create=True)
    Writer(alone, VERSIONS, {}).add_all(made())
    with stores.one() as url:
        both = [start(url, 0, 66, 1), start(url, 0, 66, 4)]
        for program in both:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n", program.communicate()[1]
        ended = [program.communicate("go\n", timeout=100) for program in both]
        assert [program.returncode for program in both] == [0, 0], ended
        engine = open_engine(url)
        assert rows(engine) == rows(alone)
        assert list(verify(engine)) == []
        engine.dispose()
    alone.dispose()


def test_two_programs_that_start_at_once_make_one_store(
    request: pytest.FixtureRequest, stores: Stores, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    if request.node.callspec.params["stores"] == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    several = [start(url, 0, 2, 1) for _ in range(2)]
    ended = [program.communicate("go\n", timeout=100) for program in several]
    assert [program.returncode for program in several] == [0, 0], ended
    engine = open_engine(url)
    assert len(rows(engine)["reports"]) == 1
    with engine.connect() as connection:
        assert sorted(connection.execute(sa.text("SELECT status FROM runs")).scalars()) == ["done"] * 2
    engine.dispose()


def test_a_reader_sees_the_moment_at_which_it_began(new_store: Callable[[], str]) -> None:
    engine = open_engine(new_store(), create=True)
    writer = Writer(engine, VERSIONS, {})
    writer.add_all(made()[:20])
    before = list(read_findings(engine))
    reader = read_findings(engine)
    begun = list(islice(reader, 3))
    text = "Another text in its place."
    writer.add(analysed(text, "r005.txt", (finding(text, text, ("policy", 0.5)),), {}))
    writer.add_all(made()[20:])
    assert begun + list(reader) == before
    assert len(list(read_findings(engine))) > len(before)
    engine.dispose()


def test_reports_that_come_fast_go_in_together_and_none_is_left(new_store: Callable[[], str]) -> None:
    engine = open_engine(new_store(), create=True)
    told: list[tuple[str, str]] = []
    held = Held(Writer(engine, VERSIONS, {}), lambda one, outcome: told.append((one.report.source, outcome)))
    for one in made()[:12]:
        held.add(one)
    assert 1 <= len(told) < 12
    held.flush()
    assert [outcome for _, outcome in told] == ["new", "duplicate", *["new"] * 9, "new"]
    assert [source for source, _ in told] == [one.report.source for one in made()[:12]]
    engine.dispose()


def test_many_at_once_are_as_one_by_one(stores: Stores) -> None:
    found = []
    for step in (1, 7, 66):
        with stores.one() as url:
            engine = open_engine(url, create=True)
            writer = Writer(engine, VERSIONS, {})
            changed = analysed("r003 anew.", "r003.txt", (), {})
            order = [*made(), changed, made()[4], analysed("r003 anew.", "other.txt", (), {})]
            outcomes = [one for at in range(0, len(order), step) for one in writer.add_all(order[at : at + step])]
            found.append((outcomes, rows(engine)))
            engine.dispose()
    assert found[0] == found[1] == found[2]
    assert found[0][0][-3:] == ["redone", "redone", "new"]


@pytest.mark.parametrize("wrong", ["\0", "\ud800"])
def test_what_not_every_store_can_hold_is_refused_by_both(new_store: Callable[[], str], wrong: str) -> None:
    engine = open_engine(new_store(), create=True)
    writer = Writer(engine, VERSIONS, {})
    with pytest.raises(Unreadable, match=r"the text has the character U\+(0000|D800) at 3"):
        writer.add(Analysed(Report(f"abc{wrong}", "one.txt", "digest"), (), ()))
    with pytest.raises(Unreadable, match="title has the character"):
        writer.add_all([first(), analysed(FIRST, "two.txt", (), {"title": wrong})])
    writer.fail("three.txt", f"what {wrong} is")
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT source, reason FROM failures")).all() == [
            ("three.txt", "what \ufffd is")
        ]
    assert rows(engine)["reports"] == []
    engine.dispose()


def test_an_export_has_the_same_bytes_from_both(stores: Stores, tmp_path: Path) -> None:
    files = []
    with Stores(tmp_path, None).one() as here, stores.one() as there:
        for name, url in {"here": here, "there": there}.items():
            engine = open_engine(url, create=True)
            Writer(engine, VERSIONS, {}).add_all([*made(), third(), second(), first()])
            for form in ("jsonl", "csv"):
                writer_of(form)(read_findings(engine), tmp_path / f"{name}.{form}")
            write_jsonl(read_reports(engine), tmp_path / f"{name}.reports.jsonl")
            files.append([(tmp_path / f"{name}.{end}").read_bytes() for end in ("jsonl", "csv", "reports.jsonl")])
            engine.dispose()
    assert files[0] == files[1]
    assert all(len(data) > 1000 for data in files[0])
