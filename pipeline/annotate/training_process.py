"""A training in a process of its own: predictions go on beside it, and when it dies nothing else does."""

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from pipeline.classify.gold import GoldReport
from pipeline.errors import FailingsError

GLANCE = 0.2
NICENESS = 10
_log = logging.getLogger(__name__)


class Refit(Protocol):
    """Make a model in `folder`, which is not there yet, from `base` and labelled reports; return its version."""

    def __call__(self, base: Path, reports: Sequence[GoldReport], folder: Path, *, seed: int) -> str:
        """Make it."""


class Contest(Protocol):
    """What came of running two models on the same reports."""

    @property
    def is_better(self) -> bool:
        """Whether the challenger is to be used."""

    def as_json(self) -> Mapping[str, Any]:
        """The figures."""


class Judge(Protocol):
    """Run two models on reports that neither has learnt from."""

    def __call__(self, running: Path, challenger: Path, held_back: Sequence[GoldReport], *, seed: int) -> Contest:
        """Run them."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to make a challenger from, where, and what to judge it by against the running model."""

    base: Path
    running: Path
    folder: Path
    train: tuple[GoldReport, ...]
    judged: tuple[GoldReport, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended: with the figures of a contest, or with the reason why it did not come to one."""

    figures: Mapping[str, Any] | None = None
    is_better: bool = False
    reason: str | None = None


def carried_out(
    job: Job, refit: Refit, contest: Judge, *, seconds: float, stopping: Callable[[], bool] = lambda: False
) -> Outcome:
    """Make and judge the challenger, in `seconds` at most; it is given up once `stopping()` says so."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_train, args=(theirs, job, refit, contest), daemon=True)
    process.start()
    theirs.close()
    try:
        return _heard(ours, seconds, stopping)
    except (EOFError, OSError):
        process.join()
        return Outcome(reason=f"the training process died (exit code {process.exitcode})")
    finally:
        process.kill()
        process.join()
        ours.close()


def _heard(connection: Connection, seconds: float, stopping: Callable[[], bool]) -> Outcome:
    deadline = time.monotonic() + seconds
    while not connection.poll(GLANCE):
        if stopping():
            return Outcome(reason="given up, since the server stopped")
        if time.monotonic() > deadline:
            return Outcome(reason=f"given up after {seconds:g} seconds")
    said: Outcome = connection.recv()
    return said


def _train(connection: Connection, job: Job, refit: Refit, contest: Judge) -> None:
    """What the process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        refit(job.base, job.train, job.folder, seed=job.seed)
        held = contest(job.running, job.folder, job.judged, seed=job.seed)
        said = Outcome(_plain(held.as_json()), bool(held.is_better))
    except FailingsError as error:
        said = Outcome(reason=str(error))
    except Exception as error:  # whatever it is, the history is to say it
        _log.exception("the training failed")
        said = Outcome(reason=f"{type(error).__name__}: {error}")
    connection.send(said)


def _plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON holds them, where a figure that is not a number is null."""
    plain: dict[str, Any] = json.loads(json.dumps(figures), parse_constant=lambda _: None)
    return plain


def _end_with_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
        os._exit(1)
