"""Sources in, outcomes out, in their order, as `pipeline.pool.process` does it, with the work done by Ray Data's actors."""

import json
import pickle
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import chain, groupby, takewhile
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

from pipeline.cluster.connect import check_machines, connected
from pipeline.cluster.reader import Job, Reader, model_files
from pipeline.cluster.settings import Cluster
from pipeline.cluster.shards import Shards
from pipeline.errors import FailingsError
from pipeline.export.arrow import in_batches
from pipeline.ingest.sources import Source, digest
from pipeline.pool import Failed, Settings
from pipeline.report import Analysed
from pipeline.store.writer import Versions

BATCH = 8
TRIES = 3  # of a batch, and then of each report in it alone


@dataclass(slots=True)
class Piece:
    """Sources that stand next to each other and whose outcomes are, or will be, at these places of one shard.

    `sources` lack their rows; whole, they wait in Ray's object store (`waiting`). A piece that was lost is done in `parts`.
    """

    shard: str
    places: list[int]
    sources: list[Source]
    waiting: Any = None
    done: bool = False
    given_up: bool = False
    parts: list["Piece"] = field(default_factory=list)

    def is_ready(self) -> bool:
        """Whether there is an outcome of each of its sources."""
        return self.done or self.given_up or (bool(self.parts) and all(part.is_ready() for part in self.parts))


def process_on_ray(
    sources: Iterator[Source],
    settings: Settings,
    *,
    cluster: Cluster,
    versions: Versions,
    workers: int = 0,
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[Analysed | Failed]:
    """Yield one outcome a source, in the order of the sources. No more are started once `stopping()` says so.

    What an earlier run that was cut off has finished is taken from its shards. Shards go when their outcomes were taken,
    unless they are to be kept.
    """
    shards = Shards(cluster.shards, json.dumps([asdict(versions), asdict(settings.limits)], sort_keys=True))
    first = next(sources, None)
    if first is None:
        return
    left = shards.names()
    with connected(cluster.address, workers=workers) as ray:
        pieces = list(_planned(chain([first], sources), shards, ray, stopping))
        at = 0
        for _ in _finishing(pieces, shards, settings, versions, ray=ray, workers=workers, stopping=stopping):
            while at < len(pieces) and pieces[at].is_ready():
                yield from _outcomes(pieces[at], shards)
                if not cluster.keep_shards:
                    shards.remove(_shards_of(pieces[at]) - set(left))
                at += 1
    if not cluster.keep_shards and at == len(pieces):
        shards.remove(left)
        shards.remove_folder()


def _planned(sources: Iterator[Source], shards: Shards, ray: Any, stopping: Callable[[], bool]) -> Iterator[Piece]:
    """Pieces in the order of the sources: what is in shards already, and batches of what is not."""
    finished = shards.finished()
    for shard, group in groupby(takewhile(lambda _: not stopping(), sources), partial(_place, shards, finished)):
        for batch in in_batches(group, BATCH):
            if shard is None:
                yield _batch(batch, shards, ray)
            else:
                places = [finished[_key(shards, source)][1] for source in batch]
                yield Piece(shard, places, [replace(source, row=None) for source in batch], done=True)


def _place(shards: Shards, finished: Mapping[str, tuple[str, int]], source: Source) -> str | None:
    """The shard that has a source's outcome, or None."""
    return finished.get(_key(shards, source), (None, 0))[0]


def _key(shards: Shards, source: Source) -> str:
    return shards.key(source.name, source.sha256 or digest(source))


def _batch(batch: list[Source], shards: Shards, ray: Any) -> Piece:
    name = shards.name([_key(shards, source) for source in batch])
    waiting = ray.put(pa.table({"shard": [name], "sources": [pickle.dumps(batch)]}))
    return Piece(name, list(range(len(batch))), [replace(source, row=None) for source in batch], waiting)


def _finishing(
    pieces: list[Piece],
    shards: Shards,
    settings: Settings,
    versions: Versions,
    *,
    ray: Any,
    workers: int,
    stopping: Callable[[], bool],
) -> Iterator[None]:
    """Have all pieces done; say so at the start and whenever one is. What is lost time and again is done one by one, then given up."""
    yield
    waiting = [piece for piece in pieces if not piece.done]
    if not waiting:
        return
    check_machines(ray)
    job = Job(settings, versions.model, versions.pipeline, shards, ray.put(model_files(settings.model)))
    anything = False
    for alone in (False, True):
        for _ in _done(waiting, job, ray, workers):
            anything = True
            yield
            if stopping():
                break
        there = set(shards.names())  # also of workers that were lost, or not heard of yet, after they had written
        for piece in waiting:
            piece.done = piece.done or piece.shard in there
        if stopping():
            break
        lost = [piece for piece in waiting if not piece.done]
        for piece in lost:
            piece.given_up = alone
            piece.parts = [] if alone else [_batch([source], shards, ray) for source in _whole(piece, ray)]
        waiting = [part for piece in lost for part in piece.parts]
        if not waiting:
            break
    if not anything and not stopping():
        raise FailingsError(
            "Ray lost every worker before it finished anything: see `ray status` and its logs (/tmp/ray)"
        )
    yield


def _done(waiting: list[Piece], job: Job, ray: Any, workers: int) -> Iterator[None]:
    """Have Ray's actors do pieces; those that it gives up are left undone."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1
    count = min(workers or int(ray.cluster_resources().get("CPU", 1)), len(waiting))
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "`ray_remote_args` is deprecated", DeprecationWarning
        )  # no other way before 2.64
        dataset = ray.data.from_arrow_refs([piece.waiting for piece in waiting]).map_batches(
            Reader,
            fn_constructor_args=(job,),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(min_size=1, initial_size=count, max_size=count),
            num_cpus=1,
            max_restarts=-1,
            max_task_retries=TRIES - 1,
        )
    by_name = {piece.shard: piece for piece in waiting}
    for row in dataset.iter_rows():
        if row["problem"]:
            raise FailingsError(row["problem"])
        by_name[row["shard"]].done = True
        yield


def _whole(piece: Piece, ray: Any) -> list[Source]:
    sources: list[Source] = pickle.loads(ray.get(piece.waiting)["sources"][0].as_py())  # noqa: S301  (put there by _batch)
    return sources


def _outcomes(piece: Piece, shards: Shards) -> Iterator[Analysed | Failed]:
    if piece.parts:
        for part in piece.parts:
            yield from _outcomes(part, shards)
    elif piece.done:
        yield from shards.read(piece.shard, piece.places, piece.sources)
    else:
        yield from (Failed(source, f"the worker that read it was lost {TRIES} times over") for source in piece.sources)


def _shards_of(piece: Piece) -> set[str]:
    return {piece.shard}.union(*map(_shards_of, piece.parts))
