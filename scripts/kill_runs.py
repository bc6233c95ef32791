"""Kill `failings run` at random moments, again and again, and compare what comes of it with a run that nobody disturbed.

Each store is killed twice: soon after its file is there, among its migrations and first reports, then at any moment of the run that goes
on with it. A third run ends, and the store is checked. Half of the kills take the whole process group, half the parent alone, whose
workers must then end by themselves. Exit status 1 when a store differs, fails `failings verify`, or a process is left behind.
"""

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples" / "reports"
COPIED = "custody_inspection.txt"
STORE = "findings.db"
Rows = dict[str, list[tuple[object, ...]]]


class Broken(Exception):
    """A kill left something behind that it must not."""


def main() -> int:
    """Kill as often as asked and print at which stages."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--copies", type=int, default=10, metavar="N", help="reports besides the samples (default: 10)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        batch = make_batch(Path(folder) / "batch", sorted(SAMPLES.iterdir()), copies=args.copies)
        try:
            stages, lives = kill_runs(batch, kills=args.kills, seed=args.seed)
        except Broken as error:
            print(f"broken: {error}", file=sys.stderr)
            return 1
    told = ", ".join(f"{count} {stage}" for stage, count in sorted(stages.items()))
    print(f"{stages.total()} kills ({told}); {lives} stores finished, each equal row for row to an undisturbed one")
    return 0


def make_batch(folder: Path, samples: Sequence[Path], *, copies: int) -> Path:
    """A folder of reports: samples, copies of one that differ a little, one twice, and one that cannot be read."""
    folder.mkdir()
    for sample in samples:
        shutil.copy(sample, folder)
    text = (SAMPLES / COPIED).read_text(encoding="utf-8")
    for number in range(copies):
        (folder / f"copy{number:03d}.txt").write_text(f"{text}\n\nCopy {number} of this report.\n", encoding="utf-8")
    shutil.copy(folder / "copy000.txt", folder / "twice.txt")
    (folder / "damaged.pdf").write_bytes(b"%PDF-1.7\n")
    return folder


def kill_runs(batch: Path, *, kills: int, seed: int) -> tuple[Counter[str], int]:
    """Kill runs on `batch` in a store beside it; return at which stages, and how many stores were finished and found right."""
    calm, store = batch.parent / "calm.db", batch.parent / STORE
    begun = time.monotonic()
    finish(batch, calm)
    length, wanted = time.monotonic() - begun, rows_of(calm)
    stages: Counter[str] = Counter()
    finished = 0
    for number, moment in enumerate(moments(kills, random.Random(seed))):  # noqa: S311
        first = number % 2 == 0
        if first and number:
            finish(batch, store)
            check(store, wanted)
            remove(store)
            finished += 1
        seconds = length * (moment**3 if first else moment)
        while not kill_after(seconds, batch, store, alone=number % 4 in (1, 2), from_store=first):
            check(store, wanted)
            remove(store)
            finished, seconds = finished + 1, 0.9 * seconds
        stages[stage_of(store, len(wanted["reports"]))] += 1
    finish(batch, store)
    check(store, wanted)
    return stages, finished + 1


def moments(count: int, chosen: random.Random) -> list[float]:
    """Moments of a run's life, from 0 to 1, one in each `count`-th of it, in random order."""
    found = [(part + chosen.random()) / count for part in range(count)]
    chosen.shuffle(found)
    return found


def start(batch: Path, store: Path) -> subprocess.Popen[str]:
    """Begin a run in a process group of its own."""
    command = [sys.executable, "-m", "pipeline", "run", batch.name, "--store", store.name, "--workers", "2"]
    return subprocess.Popen(  # noqa: S603
        command, cwd=batch.parent, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def finish(batch: Path, store: Path) -> None:
    """Run to the end; one report of the batch cannot be read, so that is status 1."""
    running = start(batch, store)
    _, said = running.communicate()
    if running.returncode != 1 or "damaged.pdf" not in said or "Traceback" in said:
        raise Broken(f"a run ended with status {running.returncode}: {said}")


def kill_after(seconds: float, batch: Path, store: Path, *, alone: bool, from_store: bool) -> bool:
    """Run and kill after so long, or so long after there is a store; whether the run was still going."""
    running = start(batch, store)
    while from_store and not store.exists() and running.poll() is None:
        time.sleep(0.001)
    try:
        _, said = running.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        if alone:
            running.kill()
        else:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        assert running.stderr  # noqa: S101
        running.stderr.close()
        wait_for_end(running.pid)
        return True
    if running.returncode != 1 or "Traceback" in said:
        raise Broken(f"a run ended with status {running.returncode}: {said}")
    return False


def wait_for_end(group: int, *, seconds: float = 20) -> None:
    """Wait until no process of a group is left."""
    until = time.monotonic() + seconds
    while left := [process for process in psutil.process_iter() if _is_of(process, group)]:
        if time.monotonic() > until:
            os.killpg(group, signal.SIGKILL)
            raise Broken(f"of a killed run were there {seconds:g} seconds later: {left}")
        time.sleep(0.05)


def _is_of(process: psutil.Process, group: int) -> bool:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    return False


def check(store: Path, wanted: Rows) -> None:
    """Raise Broken unless a store holds these rows and is sound."""
    found = rows_of(store)
    differing = [table for table in wanted.keys() | found.keys() if wanted.get(table) != found.get(table)]
    if differing:
        raise Broken(f"tables differ from those of an undisturbed run: {', '.join(sorted(differing))}")
    command = [sys.executable, "-m", "pipeline", "verify", "--store", str(store)]
    verified = subprocess.run(  # noqa: S603
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    if verified.returncode:
        raise Broken(f"verify: {verified.stderr}")


def rows_of(store: Path) -> Rows:
    """Every row of every table, but what tells when and how often it was run; the full-text index is for `verify`."""
    with closing(sqlite3.connect(store)) as connection:
        rows = {table: _rows(connection, table) for table in _tables(connection)}
        rows["failures"] = sorted(connection.execute("SELECT source, reason FROM failures"))
        return rows


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return sorted(connection.execute(f'SELECT * FROM "{table}"'), key=repr)  # noqa: S608


def _tables(connection: sqlite3.Connection) -> Iterator[str]:
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        if name != "runs" and not name.startswith(("sqlite_", "findings_fts")):
            yield name


def stage_of(store: Path, reports: int) -> str:
    """How far a run had come."""
    if not store.exists():
        return "before there was a store"
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(store)) as connection:
        [done] = connection.execute("SELECT count(*) FROM reports").fetchone()
        return "before the first report" if not done else "at the end" if done == reports else "among the reports"
    return "before there were tables"


def remove(store: Path) -> None:
    """Remove a store with the files that SQLite keeps beside it."""
    for path in store.parent.glob(f"{store.name}*"):
        path.unlink()


if __name__ == "__main__":
    sys.exit(main())
