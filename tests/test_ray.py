"""Runs on Ray: a cluster of two nodes on this machine, what happens to it in the middle, and the local run as the measure."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.batch import Options, Summary, run_batch
from pipeline.cli import main
from pipeline.cluster.settings import Cluster
from pipeline.ingest.document import Limits
from pipeline.store.connect import open_engine
from pipeline.taxonomy import load_taxonomy

pytestmark = pytest.mark.filterwarnings(
    r"ignore::DeprecationWarning:ray\..*"
)  # Ray Data sets what it deprecates itself
ROOT = Path(__file__).parent.parent
ACTOR = "ray::MapWorker(MapBatches(Reader))"


@dataclass(frozen=True)
class Nodes:
    """A running cluster; `second` is the node that may go."""

    cluster: Any
    second: Any

    @property
    def address(self) -> str:
        return str(self.cluster.address)


@pytest.fixture(scope="session")
def nodes() -> Iterator[Nodes]:
    """Two nodes with a processor each, and this process connected to them."""
    ray = pytest.importorskip("ray", reason='ray is not installed: pip install "failings[ray]"')
    from ray.cluster_utils import Cluster as RayCluster

    from pipeline.cluster import connect

    here = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": connect.OBJECT_STORE_BYTES}
    cluster = RayCluster(initialize_head=True, head_node_args=here)
    second = cluster.add_node(num_cpus=1, object_store_memory=connect.OBJECT_STORE_BYTES)
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    yield Nodes(cluster, second)
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples, small reports, some of them twice, some that cannot be read, and a table."""
    folder = tmp_path_factory.mktemp("many")
    shutil.copytree(ROOT / "samples" / "reports", folder / "samples")
    for number in range(44):
        (folder / f"{number:03}.txt").write_text(
            f"Ward {number // 2 * 2} was full. Nobody told the crew, and no bed was found."
        )
    (folder / "004.txt").write_bytes(b"")
    (folder / "029.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "041.pdf").write_bytes(b"%PDF-1.7\nbroken")
    (folder / "rows.csv").write_text(
        "id,text\n" + "".join(f"r{n},The trust did not share note {n}.\n" for n in range(9))
    )
    return folder


@pytest.fixture(scope="module")
def local(many: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[object, ...]]]:
    """What the local engine puts in a store of these reports."""
    store = tmp_path_factory.mktemp("local") / "local.db"
    run(many, store, cluster=None)
    return dump(store)


def run(
    inputs: Path | str, store: Path, *, progress: Callable[[int, str], None] = lambda *_: None, **options: Any
) -> Summary:
    engine = open_engine(f"sqlite:///{store}", create=True)
    try:
        return run_batch(
            [str(inputs)], engine, Options(taxonomy=load_taxonomy(), workers=2, **options), progress=progress
        )
    finally:
        engine.dispose()


def on_ray(tmp_path: Path, *, keep: bool = False) -> Cluster:
    return Cluster(f"file://{tmp_path}/shards", keep_shards=keep)


def dump(store: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of a store, in the order that they lie in, but those that tell of runs."""
    with closing(sqlite3.connect(store)) as connection:
        named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        tables = [t for (t,) in named if t != "runs" and not t.startswith(("alembic", "sqlite", "findings_fts"))]
        rows = {t: connection.execute(f"SELECT * FROM {t}").fetchall() for t in tables}  # noqa: S608
        rows["failures"] = sorted(connection.execute("SELECT source, reason FROM failures").fetchall())
        return rows


def actors() -> list[psutil.Process]:
    """Processes of Ray actors that this process's cluster started."""
    below = psutil.Process().children(recursive=True)
    return [
        p for p in below if p.is_running() and p.status() != psutil.STATUS_ZOMBIE and p.cmdline()[0].startswith(ACTOR)
    ]


def test_a_killed_actor_loses_nothing(nodes: Nodes, many: Path, local: dict[str, Any], tmp_path: Path) -> None:
    killed: list[int] = []

    def kill(done: int, _name: str) -> None:
        if done > 12 and not killed and actors():
            victim = actors()[0]
            killed.append(victim.pid)
            victim.kill()

    summary = run(many, tmp_path / "ray.db", cluster=on_ray(tmp_path), progress=kill)
    assert killed
    assert len(summary.failures) == 3
    assert dump(tmp_path / "ray.db") == local
    assert not (tmp_path / "shards").exists()


def test_a_report_that_hangs_is_given_up_and_the_rest_goes_on(nodes: Nodes, tmp_path: Path) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    for name in ("a", "c", "d"):
        (inputs / f"{name}.txt").write_text(f"Report {name}. Nobody told the crew.")
    (inputs / "b.txt").write_text("".join(f"Nobody told crew {n} that the ward was full. " for n in range(100_000)))
    summary = run(inputs, tmp_path / "ray.db", cluster=on_ray(tmp_path), limits=Limits(seconds=5))
    assert summary.counts == {"new": 3, "failed": 1}
    assert summary.failures == ((f"{inputs}/b.txt", "took longer than 5 seconds (--max-seconds)"),)


def start(folder: Path, nodes: Nodes, many: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipeline", "run", str(many), "--engine", "ray", "--address", nodes.address]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*command, "--shards", "shards", "--store", "ray.db"], cwd=folder, env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def test_after_kill_9_of_the_driver_finished_shards_are_not_done_again(
    nodes: Nodes, many: Path, local: dict[str, Any], tmp_path: Path
) -> None:
    victim = start(tmp_path, nodes, many)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("shards/*/*.parquet"))) < 3:
        assert time.monotonic() < deadline, victim.stderr and victim.stderr.read()
        time.sleep(0.02)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.communicate()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("shards/*/*.parquet")}
    rerun = start(tmp_path, nodes, many)
    _, err = rerun.communicate(timeout=120)
    assert rerun.returncode == 1, err
    assert "failed: " in err
    assert "Traceback" not in err
    after = {path: path.stat().st_mtime_ns for path in tmp_path.glob("shards/*/*.parquet")}
    assert before.items() <= after.items()
    assert len(after) > len(before)
    assert dump(tmp_path / "ray.db") == local


def test_a_removed_node_loses_nothing_and_doubles_nothing(
    nodes: Nodes, many: Path, local: dict[str, Any], tmp_path: Path
) -> None:
    removed: list[int] = []

    def remove(done: int, _name: str) -> None:
        if done > 12 and not removed:
            removed.append(len(actors()))
            nodes.cluster.remove_node(nodes.second, allow_graceful=False)

    run(many, tmp_path / "ray.db", cluster=on_ray(tmp_path), progress=remove)
    assert removed == [2]
    assert dump(tmp_path / "ray.db") == local


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--address", "auto"), "--address and --shards are for --engine ray"),
        (("--engine", "ray", "--address", "auto"), "--address needs --shards"),
        (("--engine", "ray", "--address", "ray://h:1", "--shards", "s"), "on one of its machines with --address auto"),
    ],
)
def test_options_that_do_not_go_together_are_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("Nobody told the crew.")
    assert main(["run", "a.txt", *args]) == 2
    assert says in capsys.readouterr().err


def test_without_ray_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ray", None)
    (tmp_path / "a.txt").write_text("Nobody told the crew.")
    assert main(["run", "a.txt", "--engine", "ray"]) == 2
    assert 'pip install "failings[ray]"' in capsys.readouterr().err


def test_an_address_where_nobody_answers_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ray = pytest.importorskip("ray", reason='ray is not installed: pip install "failings[ray]"')
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("Nobody told the crew.")
    assert main(["run", "a.txt", "--engine", "ray", "--address", "127.0.0.1:1", "--shards", "s"]) == 1
    assert "no Ray at 127.0.0.1:1" in capsys.readouterr().err
