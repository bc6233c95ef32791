"""Worker processes that may hang or die alone: each holds the loaded parts and takes one report at a time."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess, parent_process
from pathlib import Path
from typing import Self

from pipeline.errors import FailingsError, InputError
from pipeline.ingest.document import Limits
from pipeline.ingest.memory import limit_memory
from pipeline.ingest.sources import Source, read
from pipeline.report import Analysed

WAITING_CHARACTERS = 2_000_000  # of finished reports, behind one that takes long: some ten MB
LEAST_CHARACTERS = 1000
STARTS, START_SECONDS = 3, 300.0


@dataclass(frozen=True, slots=True)
class Failed:
    """A source that could not be processed."""

    source: Source
    reason: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker is told when it starts."""

    model: Path
    wanted: tuple[str, ...]
    limits: Limits
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class _Ready:
    """What a worker says when it has loaded its parts."""


class _Worker:
    """One process and what it has in hand: `task` is the number of the source, None while it is idle or loading.

    `starts` counts the processes that were started in a row to get this one going.
    """

    def __init__(self, settings: Settings, starts: int = 1) -> None:
        self.starts = starts
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(theirs, settings), daemon=True)
        self.process.start()
        theirs.close()
        self.ready = False
        self.task: tuple[int, Source] | None = None
        self.deadline = time.monotonic() + START_SECONDS

    def give(self, number: int, source: Source, seconds: float) -> None:
        self.task = (number, source)
        self.deadline = time.monotonic() + seconds
        with suppress(ConnectionError):  # a worker that died idle is heard of next
            self.connection.send(source)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


class _Finished:
    """Outcomes by the number of their source until it is their turn, and about how many `characters` they hold."""

    def __init__(self) -> None:
        self.turn = 0
        self.characters = 0
        self._outcomes: dict[int, Analysed | Failed] = {}

    def put(self, number: int, outcome: Analysed | Failed) -> None:
        self._outcomes[number] = outcome
        self.characters += _characters(outcome)

    def take(self) -> Iterator[Analysed | Failed]:
        """Those whose turn it is."""
        while self.turn in self._outcomes:
            outcome = self._outcomes.pop(self.turn)
            self.characters -= _characters(outcome)
            self.turn += 1
            yield outcome


def _characters(outcome: Analysed | Failed) -> int:
    return LEAST_CHARACTERS + (len(outcome.report.text) if isinstance(outcome, Analysed) else 0)


def process(
    sources: Iterator[Source], settings: Settings, *, workers: int, stopping: Callable[[], bool] = lambda: False
) -> Iterator[Analysed | Failed]:
    """Yield one outcome a source, in the order of the sources. No more are started once `stopping()` says so."""
    with Crew(settings, workers) as crew:
        yield from crew.outcomes(sources, stopping=stopping)


class Crew:
    """Workers that stay when the sources at hand are done: a context manager that ends them."""

    def __init__(self, settings: Settings, workers: int) -> None:
        self._settings = settings
        self._workers = [_Worker(settings) for _ in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End all workers at once."""
        for worker in self._workers:
            worker.end()

    def outcomes(
        self, sources: Iterator[Source], *, stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[Analysed | Failed]:
        """As `process`, for one list of sources after the other; each has to be taken to its end."""
        numbered = enumerate(sources)
        finished = _Finished()
        given = 0
        feeding = True
        crew = self._workers
        while True:
            yield from finished.take()
            feeding = feeding and not stopping()
            for worker in crew:
                room = finished.characters < WAITING_CHARACTERS
                if feeding and room and worker.ready and worker.task is None:
                    following = next(numbered, None)
                    if following is None:
                        feeding = False
                        break
                    worker.give(*following, self._settings.limits.seconds)
                    given += 1
            if not feeding and given == finished.turn:
                return
            _collect(crew, self._settings, finished)


def _collect(crew: list[_Worker], settings: Settings, finished: _Finished) -> None:
    """Wait for the next thing to happen; put outcomes into `finished`, and a new worker in the place of a lost one."""
    timeout = (
        max(0.0, min(w.deadline for w in crew if w.task or not w.ready) - time.monotonic()) if _busy(crew) else 0.0
    )
    heard = wait([w.connection for w in crew], min(timeout, 1.0))
    for at, worker in enumerate(crew):
        reason = None
        if worker.connection in heard:
            reason = _hear(worker, finished)
        elif worker.task and time.monotonic() > worker.deadline:
            reason = f"took longer than {settings.limits.seconds:g} seconds (--max-seconds)"
        elif not worker.ready and time.monotonic() > worker.deadline:
            raise FailingsError(f"a worker did not start within {START_SECONDS:g} seconds")
        if reason is not None:
            if worker.task:
                number, source = worker.task
                finished.put(number, Failed(source, reason))
            worker.end()
            crew[at] = _Worker(settings, 1 if worker.ready else worker.starts + 1)


def _busy(crew: list[_Worker]) -> bool:
    return any(w.task or not w.ready for w in crew)


def _hear(worker: _Worker, finished: _Finished) -> str | None:
    """Take what a worker says; return why it is lost, if it is."""
    try:
        said = worker.connection.recv()
    except (EOFError, ConnectionError):
        worker.process.join()
        if not worker.ready and worker.starts == STARTS:
            ending = _ending(worker.process.exitcode)
            raise FailingsError(f"a worker could not be started: {STARTS} in a row died ({ending})") from None
        return f"the reading process died ({_ending(worker.process.exitcode)})"
    if isinstance(said, FailingsError):
        raise said
    if isinstance(said, _Ready):
        worker.ready = True
    elif worker.task:
        finished.put(worker.task[0], said)
        worker.task = None
    return None


def _ending(code: int | None) -> str:
    """How a process ended, in words where it may have wanted too much memory."""
    if code == -signal.SIGKILL:
        return "killed from outside, most likely because the machine ran out of memory"
    if code is not None and code < 0:
        return f"{signal.Signals(-code).name}: a fault in a library, or more memory than --max-memory allows"
    return f"exit code {code}"


def _serve(connection: Connection, settings: Settings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    from pipeline.analyser import load_analyser  # noqa: PLC0415  (slow: after the line above, and not in the parent)

    try:
        analyser = load_analyser(settings.model, settings.wanted, device=settings.device)
    except FailingsError as error:
        connection.send(error)
        return
    with suppress(ConnectionError):  # nobody is left to hear
        connection.send(_Ready())
        for source in iter(partial(_receive, connection), None):
            limit_memory(settings.limits.max_memory)
            connection.send(_outcome(source, settings.limits, analyser.analyse))


def _end_with_parent() -> None:
    """Have the kernel end this process when its parent is gone, be it in the middle of a report, in C code that holds the GIL."""
    parent = parent_process()
    if parent is None or not hasattr(os, "O_ASYNC"):
        return
    import fcntl  # noqa: PLC0415  (not on Windows)

    fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, fcntl.fcntl(parent.sentinel, fcntl.F_GETFL) | os.O_ASYNC)
    if wait([parent.sentinel], 0):
        os.kill(os.getpid(), signal.SIGIO)


def _receive(connection: Connection) -> Source | None:
    try:
        source: Source = connection.recv()
    except EOFError:
        return None
    return source


def _outcome(source: Source, limits: Limits, analyse: Callable[..., Analysed]) -> Analysed | Failed:
    try:
        analysed = analyse(read(source, limits=limits))
    except InputError as error:
        return Failed(source, str(error))
    except MemoryError:
        return Failed(source, f"needs more than {limits.max_memory:,} MiB of memory (--max-memory)")
    except (OSError, RecursionError) as error:
        return Failed(source, f"{type(error).__name__}: {error}")
    bare = tuple(replace(page, boxes=type(page.boxes)("f")) for page in analysed.report.pages)
    return replace(analysed, report=replace(analysed.report, pages=bare))
