"""What happens when a run is killed, the disk is full, the store is locked, damaged or shared, the clock moves, the model is damaged."""

import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from itertools import cycle
from pathlib import Path

import psutil
import pytest

from pipeline.classify.model_folder import HASHED, default_folder
from pipeline.cli import main
from pipeline.export import FORMATS
from pipeline.store.connect import open_engine

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from kill_runs import kill_runs, make_batch, rows_of  # noqa: E402

SAMPLES = ROOT / "samples" / "reports"
NEW = "Report of a new case.\n\nNobody told the crew that the patient had been moved. There was no bed on the ward.\n"
AS_OTHERS = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()
Run = Callable[..., subprocess.CompletedProcess[str]]


def begin(folder: Path, *args: object, before: Sequence[str] = (), **options: object) -> subprocess.Popen[str]:
    """Start `failings` in a folder."""
    command = [*before, sys.executable, "-m", "pipeline", *map(str, args)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}  # type: ignore[dict-item]
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )  # type: ignore[call-overload,no-any-return]


def ended(running: subprocess.Popen[str]) -> tuple[int, str]:
    """The status of a command, and its last line on stderr; there must be no traceback."""
    _, said = running.communicate(timeout=120)
    assert "Traceback" not in said, said
    return running.returncode, (said.splitlines() or [""])[-1]


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a few reports."""
    folder = tmp_path_factory.mktemp("reports") / "batch"
    folder.mkdir()
    shutil.copy(SAMPLES / "custody_inspection.txt", folder)
    shutil.copy(SAMPLES / "ombudsman_letter.pdf", folder)
    for number in range(6):
        (folder / f"{number}.txt").write_text(f"{NEW}Case {number}.\n")
    return folder


@pytest.fixture(scope="module")
def calm(batch: Path) -> Path:
    """The store of a run on them that nobody disturbed."""
    assert ended(begin(batch.parent, "run", "batch", "--store", "calm.db", "--workers", 1))[0] == 0
    return batch.parent / "calm.db"


@pytest.fixture
def store(calm: Path, tmp_path: Path) -> Path:
    """A copy of that store, as findings.db in the test's own folder."""
    return Path(shutil.copy(calm, tmp_path / "findings.db"))


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run a command in this process: an error that is not one line on stderr fails the test."""

    def call(*args: object) -> tuple[int, str]:
        status = main([str(arg) for arg in args])
        return status, capsys.readouterr().err

    return call


def test_killed_at_random_moments_a_batch_ends_with_the_rows_of_an_undisturbed_one(tmp_path: Path) -> None:
    batch = make_batch(tmp_path / "batch", [SAMPLES / "reg28_prison_night.pdf"], copies=2)
    stages, lives = kill_runs(batch, kills=4, seed=3)
    assert stages.total() == 4
    assert lives >= 1


def test_workers_end_with_a_parent_that_is_killed_even_in_the_middle_of_a_report(tmp_path: Path) -> None:
    (tmp_path / "stuck.py").write_text(
        "import re, sys\n"
        "from pathlib import Path\n"
        "from pipeline import analyser, pool\n"
        "from pipeline.ingest.document import Limits\n"
        "from pipeline.ingest.sources import Source\n"
        "class Stuck:\n"
        "    def analyse(self, report):\n"
        "        Path('busy').touch()\n"
        "        re.match('(a+)+$', 'a' * 64 + 'b')\n"
        "analyser.load_analyser = lambda *args, **options: Stuck()\n"
        "if __name__ == '__main__':\n"
        "    sources = iter([Source('report.txt', Path('report.txt'))])\n"
        "    list(pool.process(sources, pool.Settings(Path(), (), Limits()), workers=1))\n"
    )
    (tmp_path / "report.txt").write_text(NEW)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "stuck.py"], cwd=tmp_path, env=env)
    until = time.monotonic() + 60
    while not (tmp_path / "busy").exists() and time.monotonic() < until:
        time.sleep(0.05)
    workers = psutil.Process(parent.pid).children(recursive=True)
    parent.kill()
    parent.wait()
    _, left = psutil.wait_procs(workers, timeout=10)
    for worker in left:
        worker.kill()
    assert workers
    assert not left


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    """A folder with an empty store and room for half a report, or options of a process that may write no more than that."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder]
    mounted = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    try:
        open_engine(f"sqlite:///{folder / 'findings.db'}", create=True).dispose()
        if mounted:
            (folder / "ballast").write_bytes(bytes(shutil.disk_usage(folder).free - 65536))
            yield folder, {}
        else:
            yield folder, {"preexec_fn": partial(resource.setrlimit, resource.RLIMIT_FSIZE, (32768, 32768))}
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_stops_a_run_which_goes_on_once_there_is_room(
    batch: Path, calm: Path, small_disk: tuple[Path, dict[str, object]]
) -> None:
    folder, limited = small_disk
    run = ("run", "batch", "--workers", 1, "--store", folder / "findings.db")
    status, line = ended(begin(batch.parent, *run, **limited))
    assert status == 1
    assert f"{folder}/findings.db {'cannot be read or written' if limited else 'has no room left on its disk'}" in line
    assert "same command" in line
    if not limited:
        subprocess.run(["mount", "-o", "remount,size=64m", folder], check=True)
    assert ended(begin(batch.parent, *run))[0] == 0
    assert rows_of(folder / "findings.db") == rows_of(calm)


def test_an_export_that_finds_no_room_leaves_the_last_one_as_it_was(store: Path, tmp_path: Path) -> None:
    formats = sorted(FORMATS)
    for name in formats:
        (tmp_path / f"out.{name}").write_text("the last export")
    before = {path.name for path in tmp_path.iterdir()}
    program = (
        "import resource, sqlite3, sys; from pipeline.cli import main\n"
        "opened = sqlite3.connect('findings.db'); opened.execute('SELECT count(*) FROM reports').fetchone()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))\n"
        "for name in sys.argv[1:]: print(main(['export', '--format', name, '-o', f'out.{name}']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *formats], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["1"] * len(formats), done.stderr
    assert done.stderr.count("make room") == len(formats)
    assert "Traceback" not in done.stderr
    assert {(tmp_path / f"out.{name}").read_text() for name in formats} == {"the last export"}
    assert {path.name for path in tmp_path.iterdir()} - before <= {"findings.db-wal", "findings.db-shm"}


def test_results_that_cannot_be_printed_and_devices_as_outputs_are_refused(store: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "pipeline", "search", "--json"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=tmp_path, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "failings: cannot write: No space left on device; make room, then do it again\n"
    os.mkfifo(tmp_path / "pipe")
    assert main(["export", "--format", "csv", "-o", str(tmp_path / "pipe"), "--store", str(store)]) == 2
    assert (tmp_path / "pipe").is_fifo()


def test_a_locked_store_is_waited_for_and_in_the_end_refused(batch: Path, calm: Path, store: Path) -> None:
    (store.parent / "more").mkdir()
    (store.parent / "more" / "new.txt").write_text(NEW)
    run = ("run", "more", "--workers", 1, "--store")
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        status, line = ended(begin(store.parent, *run, f"sqlite:///{store}?timeout=1"))
        assert status == 1
        assert "findings.db" in line
        assert "another program" in line
        assert main(["search", "--store", str(store)]) == 0
        waiting = begin(store.parent, *run, store)
        time.sleep(3)
        assert waiting.poll() is None
        other.execute("ROLLBACK")
    assert ended(waiting)[0] == 0
    assert len(rows_of(store)["reports"]) == len(rows_of(calm)["reports"]) + 1


@pytest.mark.skipif(bool(AS_OTHERS) and not shutil.which("setpriv"), reason="root writes everywhere without setpriv")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_store_that_cannot_be_written_is_read_all_the_same(
    store: Path, batch: Path, tmp_path: Path, what: str
) -> None:
    before = store.read_bytes()
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    kept = Path(shutil.move(store, shelf))
    locked = kept if what == "file" else shelf
    locked.chmod(locked.stat().st_mode & ~0o222)
    try:
        calls = [
            ("verify",),
            ("search", "crew"),
            ("show", "batch/0.txt"),
            ("export", "--format", "csv", "-o", "out.csv"),
        ]
        for args in calls:
            status, line = ended(begin(tmp_path, *args, "--store", kept, before=AS_OTHERS))
            assert status == 0, line
        status, line = ended(begin(batch.parent, "run", "batch", "--store", kept, before=AS_OTHERS))
        assert status == 1
        assert f"{kept} cannot be written to" in line
        assert kept.read_bytes() == before
        assert [path.name for path in shelf.iterdir()] == ["findings.db"]
    finally:
        locked.chmod(0o755)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def scribbled(data: bytes) -> bytes:
    """Every page but the first begins with nonsense."""
    pages = [data[at : at + 4096] for at in range(0, len(data), 4096)]
    return pages[0] + b"".join(b"\xa5" * 64 + page[64:] for page in pages[1:])


def letter(data: bytes) -> bytes:
    return b"Dear Sir or Madam,\n" * (len(data) // 19)


def nothing(data: bytes) -> bytes:
    return bytes(len(data))


@pytest.mark.parametrize("damage", [cut, scribbled, letter, nothing])
@pytest.mark.parametrize(
    "args",
    [("verify",), ("search",), ("show", "0"), ("export", "--format", "jsonl", "-o", "x.jsonl"), ("run", "batch")],
)
def test_a_damaged_store_is_refused_with_a_way_out(
    damage: Callable[[bytes], bytes],
    args: tuple[str, ...],
    store: Path,
    batch: Path,
    said: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.write_bytes(damage(store.read_bytes()))
    monkeypatch.chdir(batch.parent)
    status, line = said(*args, "--store", store)
    assert status == 1
    assert f"{store} " in line
    assert "backup" in line
    assert not Path("x.jsonl").exists()


def test_any_scribble_is_met_without_a_traceback_and_verify_says_so_where_it_matters(
    store: Path, said: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, chosen, found = store.read_bytes(), random.Random(11), 0  # noqa: S311
    monkeypatch.chdir(store.parent)
    for _ in range(12):
        data = bytearray(whole)
        for _ in range(4):
            at = chosen.randrange(len(data))
            data[at : at + 300] = chosen.randbytes(300)
        store.write_bytes(data[: len(whole)])
        found += said("verify")[0]
        for args in (("search",), ("show", "0"), ("export", "--format", "jsonl", "-o", "x.jsonl")):
            assert said(*args)[0] in (0, 1, 2)
    assert found >= 5


def test_verify_finds_a_full_text_index_that_does_not_fit_the_findings(
    store: Path, said: Callable[..., tuple[int, str]]
) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("INSERT INTO findings_fts(findings_fts) VALUES ('delete-all')")
    status, lines = said("verify", "--store", store)
    assert status == 1
    assert "full-text index" in lines


@pytest.mark.parametrize("wal", [b"", b"no log of this store" * 500])
def test_a_write_ahead_log_that_is_none_changes_nothing(
    store: Path, calm: Path, wal: bytes, said: Callable[..., tuple[int, str]]
) -> None:
    store.with_name("findings.db-wal").write_bytes(wal)
    assert said("verify", "--store", store)[0] == 0
    assert rows_of(store) == rows_of(calm)


def test_two_runs_that_make_one_store_together_leave_the_rows_of_one(batch: Path, calm: Path, tmp_path: Path) -> None:
    shutil.copytree(batch, tmp_path / "batch")
    halves = [sorted(path.name for path in batch.iterdir())[at:] for at in (0, 3)]
    both = [
        begin(tmp_path, "run", *(f"batch/{name}" for name in half), "--workers", 1, "--store", "findings.db")
        for half in (halves[0][:-2], halves[1])
    ]
    assert [ended(running) for running in both] == [(0, ""), (0, "")]
    assert rows_of(tmp_path / "findings.db") == rows_of(calm)


def test_the_dates_of_files_decide_nothing(batch: Path, calm: Path, tmp_path: Path) -> None:
    shutil.copytree(batch, tmp_path / "batch")
    shutil.copy(calm, tmp_path / "findings.db")
    for path, moment in zip(sorted((tmp_path / "batch").iterdir()), (0, 4e9, -1, 1e9) * 2, strict=True):
        os.utime(path, (moment, moment))
    changed = tmp_path / "batch" / "0.txt"
    state = changed.stat()
    changed.write_text(changed.read_text().replace("Case 0", "Case 9"))
    os.utime(changed, ns=(state.st_atime_ns, state.st_mtime_ns))
    running = begin(tmp_path, "run", "batch", "--workers", 1, "--json")
    out, _ = running.communicate()
    assert '"unchanged": 7' in out
    assert '"redone": 1' in out


@pytest.mark.skipif(not shutil.which("faketime"), reason="faketime is not installed (apt-get install faketime)")
def test_a_clock_that_jumps_changes_no_row_and_no_deadline(batch: Path, calm: Path, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("@2038-01-20 00:00:00")
    env = {"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    running = begin(
        batch.parent, "run", "batch", "--workers", 1, "--store", tmp_path / "findings.db",
        env={**env, "LD_PRELOAD": _libfaketime()},
    )  # fmt: skip
    for moment in cycle(("@1971-06-15 00:00:00", "@2099-06-15 23:59:59", "@2000-02-29 12:00:00")):
        with suppress(subprocess.TimeoutExpired):
            running.wait(timeout=0.3)
            break
        (tmp_path / "next").write_text(moment)
        (tmp_path / "next").replace(clock)
    assert ended(running) == (0, "")
    assert rows_of(tmp_path / "findings.db") == rows_of(calm)
    with closing(sqlite3.connect(tmp_path / "findings.db")) as connection:
        [(started, finished)] = connection.execute("SELECT started, finished FROM runs").fetchall()
    assert started[:4] in ("2038", "1971", "2099", "2000")
    assert finished


def _libfaketime() -> str:
    asked = ["faketime", "-f", "+0", "printenv", "LD_PRELOAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("name", [*HASHED, "config.json"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "removed"])
def test_a_damaged_model_file_is_named_and_nothing_is_written(
    name: str, damage: str, store: Path, batch: Path, said: Callable[..., tuple[int, str]]
) -> None:
    model = store.parent / "model"
    model.mkdir()
    for file in default_folder().iterdir():
        (model / file.name).symlink_to(file)
    data = bytearray((model / name).read_bytes())
    (model / name).unlink()
    if damage != "removed":
        at = data.index(b'"') if name == "config.json" else len(data) // 2
        data[at] ^= 1
        (model / name).write_bytes(data if damage == "flipped" else data[: len(data) // 2])
    before = rows_of(store)
    status, line = said("run", batch, "--model", model, "--store", store)
    assert status != 0
    assert str(model) in line
    assert name in line or name == "config.json"
    assert rows_of(store) == before


@pytest.mark.parametrize("content", [b"[restraint\n", b"\xff\xfe", b"", b"[restraint]\nname = 3\n"])
def test_a_damaged_taxonomy_is_named_and_nothing_is_written(
    content: bytes, store: Path, batch: Path, said: Callable[..., tuple[int, str]]
) -> None:
    mine = store.parent / "mine.toml"
    mine.write_bytes(content)
    before = rows_of(store)
    status, line = said("run", batch, "--taxonomy", mine, "--store", store)
    assert status == 1
    assert str(mine) in line
    assert rows_of(store) == before
