import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotate.model_shelf import ModelShelf, Training
from pipeline.annotate.read_reports import ReadReport, held_back, read_since
from pipeline.annotate.training import Schedule, Trainer
from pipeline.classify.gold import GoldReport
from pipeline.classify.model_folder import CALIBRATION, CONFIG, HASHED, load_config, write_config
from pipeline.errors import AnnotateError, ModelError

HELD, LEARNT = "A report 3.", "A report 1."  # 13 and 94 of 100 by the hash of the text


def make_model(folder: Path, weights: str) -> str:
    folder.mkdir(parents=True)
    for name in HASHED:
        (folder / name).write_text(weights)
    config = {"name": "tiny", "categories": ["restraint"], "assertions": ["none"], "size": 8, "overlap": 2}
    write_config(folder, {**config, "context": "window", "marks": []})
    return load_config(folder).version


def read_report(text: str, *, chosen: str = "useful", when: str = "2026-11-01T10:00:00Z") -> ReadReport:
    return ReadReport(GoldReport(text[:12], text, (), {}), chosen, when)


def reports(number: int, *, day: int = 1) -> list[ReadReport]:
    return [read_report(f"A report {n}.", when=f"2026-11-{day:02}T10:00:00Z") for n in range(number)]


@dataclass(frozen=True)
class Verdict:
    is_better: bool
    figures: Mapping[str, Any]

    def as_json(self) -> Mapping[str, Any]:
        return self.figures


def refit(base: Path, reports: Sequence[GoldReport], folder: Path, *, seed: int) -> str:
    assert not folder.exists()
    return make_model(folder, f"learnt from {len(reports)} reports, {seed}")


def refit_when_told(sign: Path, base: Path, reports: Sequence[GoldReport], folder: Path, *, seed: int) -> str:
    sign.with_suffix(".begun").write_text(str(os.getpid()))
    while not sign.exists():
        time.sleep(0.02)
    return refit(base, reports, folder, seed=seed)


def refit_raises(base: Path, reports: Sequence[GoldReport], folder: Path, *, seed: int) -> str:
    make_model(folder, "half")
    raise ZeroDivisionError("no sentence is labelled")


def refit_dies(base: Path, reports: Sequence[GoldReport], folder: Path, *, seed: int) -> str:
    make_model(folder, "half")
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def refit_damaged(base: Path, reports: Sequence[GoldReport], folder: Path, *, seed: int) -> str:
    version = make_model(folder, "whole")
    (folder / CALIBRATION).write_text("damaged")
    return version


def better(running: Path, challenger: Path, held_back: Sequence[GoldReport], *, seed: int) -> Verdict:
    return Verdict(True, {"f1": 0.75, "reports": [r.text for r in held_back], "against": running.name})


def worse(running: Path, challenger: Path, held_back: Sequence[GoldReport], *, seed: int) -> Verdict:
    return Verdict(False, {"f1": float("nan")})


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
    return found


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    make_model(tmp_path / "base", "base")
    return ModelShelf(tmp_path / "shelf", tmp_path / "base")


@dataclass
class Desk:
    """A trainer, what it is told that was read, and what it put into use."""

    shelf: ModelShelf
    read: list[ReadReport] = field(default_factory=list)
    looks: int = 0
    failures: list[Exception] = field(default_factory=list)

    def look(self) -> list[ReadReport]:
        self.looks += 1
        if self.failures:
            raise self.failures.pop()
        return list(self.read)

    def trainer(self, *, refit: Any = refit, contest: Any = better, **schedule: float) -> Trainer:
        rhythm = Schedule(**{"poll_seconds": 600.0, "pause_seconds": 0.01, **schedule})  # type: ignore[arg-type]
        return Trainer(self.shelf, self.look, self.shelf.promote, refit=refit, contest=contest, schedule=rhythm, seed=7)

    def trained(self, **options: Any) -> Training:
        """How the training ends that the start brings about."""
        trainer = self.trainer(**options)
        before = len(self.shelf.history)
        trainer.start()
        try:
            until(lambda: len(self.shelf.history) > before)
        finally:
            trainer.stop()
        return self.shelf.history[-1]


@pytest.fixture
def desk(shelf: ModelShelf) -> Desk:
    return Desk(shelf, reports(20))


def test_the_base_runs_until_a_model_is_promoted_and_a_promotion_outlives_a_restart(shelf: ModelShelf) -> None:
    assert shelf.current == shelf.base
    version = make_model(shelf.workplace(), "better")
    assert shelf.keep(shelf.folder / ".unfinished" / "tiny") == version
    assert shelf.current == shelf.base
    shelf.promote(version)
    again = ModelShelf(shelf.folder, shelf.base)
    assert again.current == shelf.folder / version
    assert again.versions == (load_config(shelf.base).version, version)
    again.promote(load_config(shelf.base).version)
    assert again.current == shelf.base


def test_a_model_that_is_not_whole_is_neither_kept_nor_promoted_nor_run(shelf: ModelShelf) -> None:
    version = make_model(shelf.workplace(), "better")
    shelf.keep(shelf.folder / ".unfinished" / "tiny")
    shelf.promote(version)
    (shelf.folder / version / CALIBRATION).write_text("damaged")
    with pytest.raises(
        ModelError, match=r"current\.json names no model that can be used.*damaged.*delete it to go back"
    ):
        _ = shelf.current
    with pytest.raises(ModelError, match="damaged"):
        shelf.promote(version)
    with pytest.raises(ModelError, match="not a whole model folder"):
        shelf.promote("tiny-00000000")
    for name in ("../base", "a/b", "a\\b", ".unfinished", ""):
        with pytest.raises(ModelError, match="cannot be the name of a folder"):
            shelf.promote(name)
    make_model(shelf.workplace(), "new")
    (shelf.folder / ".unfinished" / "tiny" / CONFIG).write_text("{}")
    with pytest.raises(ModelError, match="not a whole model folder"):
        shelf.keep(shelf.folder / ".unfinished" / "tiny")


def test_a_damaged_model_on_the_shelf_is_mended_by_the_same_model_made_again(shelf: ModelShelf) -> None:
    version = make_model(shelf.workplace(), "better")
    shelf.keep(shelf.folder / ".unfinished" / "tiny")
    (shelf.folder / version / CALIBRATION).write_text("damaged")
    make_model(shelf.workplace(), "better")
    assert shelf.keep(shelf.folder / ".unfinished" / "tiny") == version
    assert load_config(shelf.folder / version).version == version


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 3}', '{"version": "tiny-00000000"}'])
def test_a_pointer_that_cannot_be_followed_is_an_error_that_says_how_to_mend_it(
    shelf: ModelShelf, content: str
) -> None:
    (shelf.folder / "current.json").write_text(content)
    with pytest.raises(ModelError, match=r"current\.json names no model that can be used"):
        _ = shelf.current


def test_history_outlives_a_line_that_was_cut_off(shelf: ModelShelf) -> None:
    first = Training("2026-11-01T10:00:00+00:00", 1.5, False, 14, 6, "2026-11-01T09:00:00Z", "tiny-1", reason="died")
    shelf.note(first)
    with (shelf.folder / "history.jsonl").open("a") as file:
        file.write('{"when": "2026')
    second = replace(first, promoted=True, figures={"f1": 0.5}, reason="caf\u00e9\u2028", challenger="tiny-2")
    shelf.note(second)
    assert ModelShelf(shelf.folder, shelf.base).history == (first, second)


def test_reports_chosen_at_random_are_held_back_and_while_they_are_few_a_share_of_the_others_too() -> None:
    few = [read_report(f"A report {n}.", chosen="random" if n in (1, 2) else "useful") for n in range(10)]
    learnt, judged = held_back(few)
    assert [r.gold.text for r in judged] == ["A report 1.", "A report 2.", "A report 3.", "A report 4."]
    assert [r.gold.text for r in learnt] == [f"A report {n}." for n in (0, 5, 6, 7, 8, 9)]
    many = [*few, *(read_report(f"At random {n}.", chosen="random") for n in range(8))]
    learnt, judged = held_back(many)
    assert [r.gold.text for r in judged] == ["A report 1.", "A report 2.", *(f"At random {n}." for n in range(8))]
    assert [r.gold.text for r in learnt] == [f"A report {n}." for n in (0, 3, 4, 5, 6, 7, 8, 9)]


def test_a_text_that_was_pushed_twice_is_on_one_side_only() -> None:
    twins = [read_report(LEARNT, chosen="useful"), read_report(LEARNT, chosen="random"), read_report("A report 5.")]
    learnt, judged = held_back(twins)
    assert [r.gold.text for r in learnt] == ["A report 5."]
    assert [r.gold.text for r in judged] == [LEARNT, LEARNT]


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["random", "useful", "all"])), max_size=60), st.data())
def test_nothing_that_was_learnt_from_is_judged_by_later(pairs: list[tuple[int, str]], data: st.DataObject) -> None:
    found = list({n: read_report(f"A report {n}.", chosen=why) for n, why in pairs}.values())
    earlier = found[: data.draw(st.integers(0, len(found)))]
    learnt, _ = held_back(earlier)
    _, judged = held_back(found)
    assert not {r.gold.text for r in learnt} & {r.gold.text for r in judged}


def test_reports_count_as_new_when_they_were_read_after_those_of_the_last_training() -> None:
    last = Training("2026-11-09T00:00:00+00:00", 1.0, False, 1, 1, "2026-11-02T10:00:00.5Z", "tiny-1")
    whens = [
        "2026-11-02T10:00:00Z",
        "2026-11-02T10:00:00.500000+00:00",
        "2026-11-02T10:00:00.6Z",
        "2026-11-02T12:00:00+01:00",
    ]
    found = [read_report(f"{n}", when=when) for n, when in enumerate(whens)]
    assert read_since(found, last) == 2
    assert read_since(found, None) == 4
    assert read_since(found, replace(last, read_until=None)) == 4


def test_a_better_model_takes_over(desk: Desk) -> None:
    base = load_config(desk.shelf.base).version
    training = desk.trained(contest=better)
    version = training.challenger
    held = [f"A report {n}." for n in (3, 4, 11, 18, 19)]
    assert training == Training(
        when=training.when, seconds=training.seconds, forced=False, trained_on=15, held_back=5,
        read_until="2026-11-01T10:00:00Z", running=base, challenger=version, promoted=True,
        figures={"f1": 0.75, "reports": held, "against": "base"}, reason=None,
    )  # fmt: skip
    assert version is not None
    assert desk.shelf.current == desk.shelf.folder / version
    assert (desk.shelf.current / CALIBRATION).read_text() == "learnt from 15 reports, 7"
    assert not list(desk.shelf.folder.glob(".unfinished"))


def test_a_worse_model_is_kept_with_its_figures_and_not_used(desk: Desk) -> None:
    training = desk.trained(contest=worse)
    assert (training.promoted, training.figures, training.reason) == (False, {"f1": None}, None)
    assert desk.shelf.current == desk.shelf.base
    assert training.challenger in desk.shelf.versions


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (refit_raises, "ZeroDivisionError: no sentence is labelled"),
        (refit_dies, "the training process died (exit code -9)"),
        (refit_damaged, "is damaged"),
    ],
)
def test_a_training_that_fails_changes_nothing_but_the_history(desk: Desk, broken: Any, reason: str) -> None:
    training = desk.trained(refit=broken)
    assert reason in str(training.reason)
    assert (training.promoted, training.challenger, training.figures) == (False, None, None)
    assert desk.shelf.current == desk.shelf.base
    assert desk.shelf.versions == (load_config(desk.shelf.base).version,)
    assert desk.trained(refit=refit, train_after=0).promoted


def test_a_better_model_that_cannot_be_loaded_is_not_promoted(desk: Desk) -> None:
    def refuse(version: str) -> None:
        raise ModelError(f"{version} is of another kind")

    trainer = Trainer(desk.shelf, desk.look, refuse, refit=refit, contest=better)
    trainer.start()
    last = until(lambda: trainer.state.last)
    trainer.stop()
    assert last.reason == f"better, but it cannot be used: {last.challenger} is of another kind"
    assert not last.promoted
    assert desk.shelf.current == desk.shelf.base


def test_a_training_that_cannot_even_begin_is_noted_and_not_tried_at_every_look(desk: Desk) -> None:
    trainer = desk.trainer(refit=lambda *_: None, poll_seconds=0.01)
    trainer.start()
    try:
        assert "pickle" in until(lambda: trainer.state.last).reason
        looks = desk.looks
        until(lambda: desk.looks > looks + 3)
        assert len(desk.shelf.history) == 1
    finally:
        trainer.stop()


def test_a_training_that_takes_too_long_is_given_up(desk: Desk, tmp_path: Path) -> None:
    training = desk.trained(refit=partial(refit_when_told, tmp_path / "never"), limit_seconds=0.5)
    assert training.reason == "given up after 0.5 seconds"


def test_few_new_reports_are_not_trained_on_unless_the_button_is_pressed(desk: Desk) -> None:
    desk.read = reports(19)
    trainer = desk.trainer()
    trainer.start()
    try:
        until(lambda: trainer.state.read_since == 19)
        trainer.wake()
        until(lambda: desk.looks == 2)
        assert desk.shelf.history == ()
        trainer.wake(force=True)
        training = until(lambda: trainer.state.last)
        assert (training.forced, training.trained_on, training.held_back, training.promoted) == (True, 15, 4, True)
    finally:
        trainer.stop()


def test_after_a_training_only_what_was_read_since_counts(desk: Desk) -> None:
    desk.trained(contest=worse)
    desk.read += reports(39, day=2)[20:]
    trainer = desk.trainer()
    trainer.start()
    try:
        assert until(lambda: trainer.state.read_since) == 19
        assert len(desk.shelf.history) == 1
        desk.read += reports(40, day=3)[39:]
        trainer.wake()
        training = until(lambda: desk.shelf.history[1:])[0]
        assert (training.trained_on + training.held_back, training.forced) == (40, False)
        assert until(lambda: not trainer.state.training)
        assert trainer.state.read_since == 0
    finally:
        trainer.stop()


@pytest.mark.parametrize(("text", "reason"), [(HELD, "learn from"), (LEARNT, "judge by"), ("", "learn from")])
def test_without_reports_to_learn_from_and_to_judge_by_there_is_no_training(desk: Desk, text: str, reason: str) -> None:
    desk.read = [read_report(text)] if text else []
    assert desk.trained(train_after=0).reason == f"nothing to {reason}: read more reports"


def test_word_that_was_lost_is_made_up_for_by_the_poll(desk: Desk) -> None:
    read, desk.read = desk.read, []
    trainer = desk.trainer(poll_seconds=0.05)
    trainer.start()
    try:
        until(lambda: desk.looks >= 2)
        desk.read = read
        assert until(lambda: trainer.state.last).promoted
    finally:
        trainer.stop()


@pytest.mark.parametrize("failure", [AnnotateError("no Label Studio at example"), RuntimeError("surprise")])
def test_the_trainer_goes_on_when_it_cannot_see_what_was_read(desk: Desk, failure: Exception) -> None:
    desk.failures = [failure]
    desk.read = reports(4)
    trainer = desk.trainer()
    trainer.start()
    try:
        assert str(failure) in until(lambda: trainer.state.trouble)
        trainer.wake()
        assert until(lambda: trainer.state.read_since) == 4
        assert trainer.state.trouble is None
    finally:
        trainer.stop()


def test_a_press_of_the_button_is_not_forgotten_when_label_studio_cannot_be_read(desk: Desk) -> None:
    desk.failures = [AnnotateError("no Label Studio at example")]
    desk.read = reports(4)
    trainer = desk.trainer()
    trainer.wake(force=True)
    trainer.start()
    try:
        assert until(lambda: trainer.state.last).forced
    finally:
        trainer.stop()


def test_many_events_make_one_look(desk: Desk) -> None:
    desk.read = []
    trainer = desk.trainer(pause_seconds=1.0)
    trainer.start()
    try:
        until(lambda: desk.looks == 1)
        for _ in range(50):
            trainer.wake()
            time.sleep(0.002)
        until(lambda: desk.looks == 2)
        time.sleep(0.5)
        assert desk.looks == 2
    finally:
        trainer.stop()


def test_a_press_of_the_button_during_a_training_does_not_double_it(desk: Desk, tmp_path: Path) -> None:
    trainer = desk.trainer(refit=partial(refit_when_told, tmp_path / "go"))
    trainer.start()
    try:
        until((tmp_path / "go.begun").exists)
        assert trainer.state.training
        trainer.wake(force=True)
        (tmp_path / "go").write_text("")
        until(lambda: desk.looks == 2)
        until(lambda: not trainer.state.training)
        assert len(desk.shelf.history) == 1
    finally:
        trainer.stop()


def test_a_training_that_the_end_of_the_server_cuts_short_is_begun_again(desk: Desk, tmp_path: Path) -> None:
    trainer = desk.trainer(refit=partial(refit_when_told, tmp_path / "go"))
    trainer.start()
    child = int(until(lambda: (tmp_path / "go.begun").exists() and (tmp_path / "go.begun").read_text()))
    began = time.monotonic()
    trainer.stop()
    assert time.monotonic() - began < 3
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert desk.shelf.history == ()
    assert not [t for t in threading.enumerate() if t.name == "trainer"]
    assert desk.trained().promoted


def test_a_training_ends_with_a_server_that_is_killed(desk: Desk, tmp_path: Path) -> None:
    program = f"""
import time
from functools import partial
from pathlib import Path
from test_annotate_training import Desk, ModelShelf, refit_when_told, reports

if __name__ == "__main__":
    desk = Desk(ModelShelf(Path({str(desk.shelf.folder)!r}), Path({str(desk.shelf.base)!r})), reports(20))
    desk.trainer(refit=partial(refit_when_told, Path({str(tmp_path / "go")!r}))).start()
    time.sleep(60)
"""
    (tmp_path / "server.py").write_text(program)
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here.parent), str(here)])
    server = subprocess.Popen([sys.executable, str(tmp_path / "server.py")], env={**os.environ, "PYTHONPATH": paths})
    begun = tmp_path / "go.begun"
    child = int(until(lambda: begun.exists() and begun.read_text()))
    server.kill()
    server.wait()
    until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE, 10)
    assert desk.shelf.history == ()


def test_what_an_earlier_training_left_behind_does_no_harm(desk: Desk) -> None:
    make_model(desk.shelf.workplace(), "half")
    assert desk.trained().promoted
    assert sorted(p.name for p in desk.shelf.folder.iterdir()) == sorted(
        ["current.json", "history.jsonl", desk.shelf.current.name]
    )


def test_history_is_a_line_of_json_a_training(desk: Desk) -> None:
    training = desk.trained()
    line = json.loads((desk.shelf.folder / "history.jsonl").read_text())
    assert line["promoted"] is True
    assert line["trained_on"] == 15
    assert line["challenger"] == training.challenger
    shutil.rmtree(desk.shelf.folder / str(training.challenger))
