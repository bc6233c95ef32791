"""What an actor does: take a batch of sources, read and analyse them in a process of its own, and write a shard."""

import os
import pickle
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline import __version__
from pipeline.classify.load import version_on
from pipeline.classify.model_folder import CONFIG, HASHED, load_config, named_folder
from pipeline.cluster.shards import Shards
from pipeline.errors import FailingsError, ModelError
from pipeline.pool import Crew, Settings

LEAST_BYTES = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Job:
    """What every actor is told. `files` refers to the bytes of the model folder's files by name, for machines that lack it."""

    settings: Settings
    model: str
    pipeline: str
    shards: Shards
    files: Any


class Reader:
    """An actor's state: one worker process with the loaded parts, which may hang or die without the actor."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._scratch: TemporaryDirectory[str] | None = None
        self._crew: Crew | None = None

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Do one batch: a row with the name of its `shard` and its pickled `sources`. Say what stops the whole run, if anything."""
        shard, problem = str(batch["shard"][0]), ""
        try:
            self._do(shard, batch["sources"][0])
        except FailingsError as error:
            problem = f"{socket.gethostname()}: {error}"
        return {"shard": [shard], "problem": [problem]}

    def _do(self, shard: str, pickled: bytes) -> None:
        sources = pickle.loads(pickled)  # noqa: S301  (the driver made it; shards, which others may touch, are never unpickled)
        self._crew = self._crew or self._start()
        self._job.shards.write(shard, list(self._crew.outcomes(iter(sources))))

    def _start(self) -> Crew:
        if __version__ != self._job.pipeline:
            raise FailingsError(f"failings {__version__} here, {self._job.pipeline} where the run was started")
        _bound_memory()
        return Crew(replace(self._job.settings, model=self._model()), 1)

    def _model(self) -> Path:
        """A folder of the run's model on this machine: its own, or one written of what the driver sent."""
        given, given_device = self._job.settings.model, self._job.settings.device
        for folder in (given, Path(given.name)):
            with suppress(ModelError):
                here = named_folder(folder)
                if version_on(load_config(here), given_device) == self._job.model:
                    return here
        import ray  # noqa: PLC0415

        self._scratch = TemporaryDirectory(prefix="failings-model-")
        for name, data in ray.get(self._job.files).items():
            (Path(self._scratch.name) / name).write_bytes(data)
        return Path(self._scratch.name)


def model_files(folder: Path) -> dict[str, bytes]:
    """The files of a model folder that decide an answer, by name; their hashes are checked where they are loaded."""
    return {name: (folder / name).read_bytes() for name in (CONFIG, *HASHED)}


def _bound_memory() -> None:
    """Bound what this actor and its worker may each take to a processor's share of the machine, so that no report takes all."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415

    share = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (os.cpu_count() or 1)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = max(LEAST_BYTES, share)
    resource.setrlimit(resource.RLIMIT_DATA, (bound if hard == resource.RLIM_INFINITY else min(bound, hard), hard))
