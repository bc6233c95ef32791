"""The main job: find what is new in the inputs, have it analysed, and write it to the store."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy.engine import Engine

from pipeline import __version__
from pipeline.classify.load import version_on
from pipeline.classify.model_folder import default_folder, load_config
from pipeline.cluster.settings import Cluster
from pipeline.errors import InputError
from pipeline.ingest.apart import discover
from pipeline.ingest.document import Limits
from pipeline.ingest.sources import Source, digested
from pipeline.pool import Failed, Settings, process
from pipeline.report import Analysed
from pipeline.store.held import Held
from pipeline.store.writer import Versions, Writer
from pipeline.taxonomy import Taxonomy

Progress = Callable[[int, str], None]


def silent(_done: int, _name: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run is done. `columns` maps our names of table columns to those of the input; without a `cluster` it is done here."""

    taxonomy: Taxonomy
    model: Path = field(default_factory=default_folder)
    limits: Limits = field(default_factory=Limits)
    columns: Mapping[str, str] = field(default_factory=dict)
    workers: int = 0
    device: str = "cpu"
    cluster: Cluster | None = None

    def worker_count(self) -> int:
        """Workers to start: as asked, else one a processor that this process may use."""
        return (
            self.workers or len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else self.workers or os.cpu_count() or 1
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did: sources by outcome (new, redone, unchanged, duplicate, failed), and why those failed."""

    run_id: int
    counts: Mapping[str, int]
    failures: tuple[tuple[str, str], ...]
    findings: int
    seconds: float
    stopped: bool


def count_sources(paths: Sequence[str], options: Options) -> int:
    """How many sources a run will meet."""
    return sum(1 for _ in discover(paths, limits=options.limits, columns=options.columns))


def run_batch(
    paths: Sequence[str],
    engine: Engine,
    options: Options,
    *,
    progress: Progress = silent,
    stopping: Callable[[], bool] = lambda: False,
) -> Summary:
    """Process every source that is not in the store as it is now; `progress` is told the sources done and the last one's name.

    A report goes in whole or not at all. What cannot be read is kept in the store's `failures` and the rest goes on.
    """
    begun = time.monotonic()
    config = load_config(options.model)
    versions = Versions(version_on(config, options.device), options.taxonomy.version, __version__)
    limits = options.limits
    recorded = {"paths": list(paths), "columns": dict(options.columns), "max_bytes": limits.max_bytes,
                "max_pages": limits.max_pages, "max_memory": limits.max_memory,
                "max_seconds": limits.seconds, "ocr": limits.ocr}  # fmt: skip
    writer = Writer(engine, versions, recorded)
    counts: Counter[str] = Counter()
    failures: list[tuple[str, str]] = []
    found = 0

    def stored(analysed: Analysed, outcome: str) -> None:
        nonlocal found
        found += len(analysed.findings)
        note(outcome, analysed.report.source)

    def note(outcome: str, name: str) -> None:
        counts[outcome] += 1
        progress(counts.total(), name)

    def fail(name: str, reason: str) -> None:
        writer.fail(name, reason)
        failures.append((name, reason))
        note("failed", name)

    def todo() -> Iterator[Source]:
        for item in digested(discover(paths, limits=limits, columns=options.columns)):
            if not isinstance(item, Source):
                fail(item.name, item.reason)
            elif item.sha256 and writer.is_done(item.name, item.sha256):
                note("unchanged", item.name)
            else:
                yield item

    held = Held(writer, stored)
    settings = Settings(options.model, options.taxonomy.ids, limits, options.device)
    for outcome in _engine(options, versions)(todo(), settings, stopping=stopping):
        if isinstance(outcome, Failed):
            fail(outcome.source.name, outcome.reason)
            continue
        try:
            held.add(outcome)
        except InputError as error:
            fail(outcome.report.source, str(error))
    held.flush()
    stopped = stopping()
    writer.finish("stopped" if stopped else "done", counts)
    return Summary(writer.run_id, dict(counts), tuple(failures), found, time.monotonic() - begun, stopped)


def _engine(options: Options, versions: Versions) -> Callable[..., Iterator[Analysed | Failed]]:
    """What turns sources into outcomes, in their order."""
    if options.cluster is None:
        return partial(process, workers=options.worker_count())
    from pipeline.cluster.engine import process_on_ray  # noqa: PLC0415  (an extra)

    return partial(process_on_ray, cluster=options.cluster, versions=versions, workers=options.workers)
