"""What a run on Ray does with what Ray loses, and with a model that a machine lacks: Ray itself is played."""

import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace
from typing import Any

import pytest
from small_store import analysed

from pipeline.classify.load import load_classifier
from pipeline.classify.model_folder import WEIGHTS, default_folder, load_config
from pipeline.errors import FailingsError, ModelError
from pipeline.ingest.document import Limits
from pipeline.ingest.sources import Source, digested
from pipeline.pool import Failed, Settings
from pipeline.report import Analysed
from pipeline.store.writer import Versions

pytest.importorskip("pyarrow", reason='pyarrow is not installed: pip install "failings[ray]"')

from pipeline.cluster import engine
from pipeline.cluster.reader import Job, Reader, model_files
from pipeline.cluster.settings import Cluster
from pipeline.cluster.shards import Shards

SETTINGS = Settings(default_folder(), (), Limits())
PLAYED = SimpleNamespace(put=lambda value: value, get=lambda value: value)


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[list[list[str]]]:
    """Ray is played: whoever is given a report named "bad" is lost. Each round of work lists the batches, by their reports' names."""
    found: list[list[list[str]]] = []

    def done(waiting: list[engine.Piece], job: Job, _ray: Any, _workers: int) -> Iterator[None]:
        found.append([[Path(source.name).stem for source in piece.sources] for piece in waiting])
        for piece, names in zip(waiting, found[-1], strict=True):
            if "bad" not in names:
                sources = pickle.loads(piece.waiting["sources"][0].as_py())  # noqa: S301
                job.shards.write(piece.shard, [outcome(source) for source in sources])
                yield

    @contextmanager
    def connected(_address: str | None, **_options: Any) -> Iterator[Any]:
        yield PLAYED

    monkeypatch.setattr(engine, "_done", done)
    monkeypatch.setattr(engine, "connected", connected)
    monkeypatch.setattr(engine, "check_machines", lambda _ray: None)
    return found


def outcome(source: Source) -> Analysed:
    assert isinstance(source.path, Path)
    return analysed(source.path.read_text(), source.name, (), {})


def sources(folder: Path, names: list[str]) -> list[Source]:
    for name in names:
        (folder / f"{name}.txt").write_text(f"Report {name}.")
    made = [Source(str(folder / f"{name}.txt"), folder / f"{name}.txt") for name in names]
    return [source for source in digested(made) if isinstance(source, Source)]


def run(inputs: list[Source], shards: Path) -> list[Analysed | Failed]:
    cluster = Cluster(f"file://{shards}")
    versions = Versions("model", "taxonomy", "pipeline")
    return list(engine.process_on_ray(iter(inputs), SETTINGS, cluster=cluster, versions=versions))


def test_a_report_that_loses_every_worker_is_given_up_alone(rounds: list[list[list[str]]], tmp_path: Path) -> None:
    names = [*"abcde", "bad", *"fghijkl"]
    inputs = sources(tmp_path, names)
    outcomes = run(inputs, tmp_path / "shards")
    lost = inputs[5]
    assert outcomes[5] == Failed(replace(lost, row=None), "the worker that read it was lost 3 times over")
    assert outcomes[:5] + outcomes[6:] == [outcome(source) for source in inputs if source != lost]
    assert rounds == [[names[:8], names[8:]], [[name] for name in names[:8]]]
    assert not (tmp_path / "shards").exists()


def test_a_cluster_that_finishes_nothing_stops_the_run(rounds: list[list[list[str]]], tmp_path: Path) -> None:
    with pytest.raises(FailingsError, match="Ray lost every worker before it finished anything"):
        run(sources(tmp_path, ["bad"]), tmp_path / "shards")
    assert len(rounds) == 2


def test_a_model_that_a_machine_lacks_is_written_of_what_the_driver_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "ray", PLAYED)
    monkeypatch.setattr(
        "pipeline.cluster.reader.TemporaryDirectory",
        lambda prefix: SimpleNamespace(name=mkdtemp(prefix=prefix, dir=tmp_path)),
    )
    files = model_files(default_folder())
    version = load_config(default_folder()).version

    def reader(model: Path, wanted: str) -> Reader:
        return Reader(Job(replace(SETTINGS, model=model), wanted, "pipeline", Shards("file:///nowhere", "job"), files))

    assert reader(default_folder(), version)._model() == default_folder()
    assert reader(Path("/elsewhere") / default_folder().name, version)._model() == default_folder()
    other = reader(tmp_path / "mine", "mine-1")
    assert load_classifier(other._model()).config.version == version
    files[WEIGHTS] += b"\n"
    damaged = reader(tmp_path / "mine", "mine-2")
    with pytest.raises(ModelError, match=WEIGHTS):
        load_classifier(damaged._model())
