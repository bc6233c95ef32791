"""When to learn from what annotators have read, and whether what was learnt goes into use."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.annotate.model_shelf import ModelShelf, Training
from pipeline.annotate.read_reports import ReadReport, held_back, instant, read_since
from pipeline.annotate.training_process import Job, Judge, Refit, carried_out
from pipeline.classify.model_folder import load_config
from pipeline.errors import FailingsError

AGAIN_SECONDS = 60.0
STOP_SECONDS = 10.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to look and to train; a training is given up after `limit_seconds`, and events within `pause_seconds` are one."""

    train_after: int = 20
    poll_seconds: float = 600.0
    pause_seconds: float = 10.0
    limit_seconds: float = 7200.0


DEFAULT = Schedule()


@dataclass(frozen=True, slots=True)
class State:
    """Where the trainer stands; `read_since` is None before the first look, `trouble` why the last look failed."""

    training: bool = False
    read_since: int | None = None
    trouble: str | None = None
    last: Training | None = None


class Trainer:
    """A thread that looks at what was read when it starts, when it is woken and when its poll is due, and trains when there is enough.

    `read` says what has been read. `promote` puts a version of the shelf into use, and raises FailingsError when it cannot. `refit`
    and `contest` run in a process of their own: they are functions of a module. Every model is learnt from the shelf's base.
    """

    def __init__(
        self,
        shelf: ModelShelf,
        read: Callable[[], Sequence[ReadReport]],
        promote: Callable[[str], None],
        *,
        refit: Refit,
        contest: Judge,
        schedule: Schedule = DEFAULT,
        seed: int = 0,
    ) -> None:
        self.schedule = schedule
        self._shelf = shelf
        self._read = read
        self._promote = promote
        self._refit = refit
        self._contest = contest
        self._seed = seed
        self._woken, self._urgent, self._stopping = threading.Event(), threading.Event(), threading.Event()
        self._forced = False
        self._thread = threading.Thread(target=self._work, name="trainer", daemon=True)
        history = shelf.history
        self.state = State(last=history[-1] if history else None)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wake(self, *, force: bool = False) -> None:
        """Look soon, and at once and with a training whatever was read if `force`; returns at once. A training that runs is not doubled."""
        if force and not self.state.training:
            self._forced = True
            self._urgent.set()
        self._woken.set()

    def stop(self) -> None:
        """End; a training that runs is given up, and begun again after the next start."""
        self._stopping.set()
        self._urgent.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
            except FailingsError as error:
                self._troubled(str(error))
                _log.warning("cannot see what was read: %s", error)
            except Exception as error:  # a thread that dies unseen would never train again
                self._troubled(f"{type(error).__name__}: {error}")
                _log.exception("the trainer failed; it goes on")
            self._rest()

    def _troubled(self, reason: str) -> None:
        self.state = replace(self.state, training=False, trouble=reason)

    def _rest(self) -> None:
        poll = self.schedule.poll_seconds
        if self._woken.wait(min(poll, AGAIN_SECONDS) if self.state.trouble else poll):
            self._urgent.wait(self.schedule.pause_seconds)
        self._woken.clear()
        self._urgent.clear()

    def _look(self) -> None:
        reports = self._read()
        since = read_since(reports, self.state.last)
        forced, self._forced = self._forced, False
        due = forced or since >= self.schedule.train_after
        self.state = replace(self.state, read_since=since, trouble=None, training=due)
        if due:
            last = self._train(reports, forced=forced)
            if last.reason and self._stopping.is_set():
                return  # begun again after the next start
            self._shelf.note(last)
            self.state = State(read_since=0, last=last)
            _log.info("training ended: %s", last)

    def _train(self, reports: Sequence[ReadReport], *, forced: bool) -> Training:
        began = time.monotonic()
        train, judged = held_back(reports)
        running = self._shelf.current
        training = Training(
            when=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=0.0,
            forced=forced,
            trained_on=len(train),
            held_back=len(judged),
            read_until=max((r.when for r in reports), key=instant, default=None),
            running=load_config(running).version,
        )
        try:
            ended = self._ended(training, running, train, judged)
        except (FailingsError, OSError) as error:
            ended = replace(training, reason=str(error))
        except Exception as error:  # unless it is noted it is tried again at every look
            _log.exception("the training failed")
            ended = replace(training, reason=f"{type(error).__name__}: {error}")
        return replace(ended, seconds=round(time.monotonic() - began, 1))

    def _ended(
        self, training: Training, running: Path, train: Sequence[ReadReport], judged: Sequence[ReadReport]
    ) -> Training:
        if not train or not judged:
            return replace(training, reason=f"nothing to {'judge by' if train else 'learn from'}: read more reports")
        texts = (tuple(r.gold for r in train), tuple(r.gold for r in judged))
        job = Job(self._shelf.base, running, self._shelf.workplace(), *texts, seed=self._seed)
        limit = self.schedule.limit_seconds
        outcome = carried_out(job, self._refit, self._contest, seconds=limit, stopping=self._stopping.is_set)
        if outcome.reason:
            return replace(training, reason=outcome.reason)
        training = replace(training, challenger=self._shelf.keep(job.folder), figures=outcome.figures)
        if not outcome.is_better:
            return training
        try:
            self._promote(str(training.challenger))
        except (FailingsError, OSError) as error:
            return replace(training, reason=f"better, but it cannot be used: {error}")
        return replace(training, promoted=True)
