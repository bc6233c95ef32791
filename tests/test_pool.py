import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline import pool
from pipeline.classify.model_folder import default_folder
from pipeline.errors import FailingsError
from pipeline.ingest.document import Limits
from pipeline.ingest.sources import Source
from pipeline.pool import Crew, Failed, Settings, process
from pipeline.report import Analysed


def settings(model: Path | None = None, **limits: float) -> Settings:
    return Settings(model or default_folder(), ("restraint",), Limits(**limits))  # type: ignore[arg-type]


@pytest.fixture
def sources(tmp_path: Path) -> list[Source]:
    found = []
    for number in range(6):
        path = tmp_path / f"{number}.txt"
        path.write_text(f"Report {number}. Nobody told the crew.")
        found.append(Source(path.name, path))
    return found


def name(outcome: Analysed | Failed) -> str:
    return outcome.source.name if isinstance(outcome, Failed) else outcome.report.source


def kill_workers() -> bool:
    for child in psutil.Process().children():
        if "spawn_main" in " ".join(child.cmdline()):
            os.kill(child.pid, signal.SIGKILL)
    return False


def test_outcomes_come_in_the_order_of_the_sources(sources: list[Source]) -> None:
    outcomes = list(process(iter(sources), settings(), workers=2))
    assert [name(o) for o in outcomes] == [s.name for s in sources]
    assert all(isinstance(o, Analysed) for o in outcomes)


def test_a_worker_that_dies_takes_at_most_its_own_report_with_it(sources: list[Source]) -> None:
    def killing() -> Iterator[Source]:
        for number, source in enumerate(sources):
            if number == 3:
                kill_workers()
            yield source

    outcomes = list(process(killing(), settings(), workers=1))
    assert [name(o) for o in outcomes] == [s.name for s in sources]
    failed = [o for o in outcomes if isinstance(o, Failed)]
    assert len(failed) <= 1
    assert all("died" in o.reason for o in failed)


def test_a_worker_that_dies_while_it_loads_is_replaced(sources: list[Source]) -> None:
    with Crew(settings(), 2) as crew:
        kill_workers()
        outcomes = list(crew.outcomes(iter(sources)))
    assert [name(o) for o in outcomes] == [s.name for s in sources]
    assert all(isinstance(o, Analysed) for o in outcomes)


def test_workers_that_all_die_while_they_load_stop_the_run(sources: list[Source]) -> None:
    with pytest.raises(FailingsError, match=r"could not be started: 3 in a row died \(killed from outside"):
        list(process(iter(sources), settings(), workers=1, stopping=kill_workers))


def test_a_report_that_takes_too_long_is_given_up(sources: list[Source]) -> None:
    outcomes = list(process(iter(sources[:2]), settings(seconds=0.0), workers=1))
    assert all(isinstance(o, Failed) and "longer than 0 seconds" in o.reason for o in outcomes)


@pytest.mark.parametrize(("room", "started"), [(pool.WAITING_CHARACTERS, 25), (5 * pool.LEAST_CHARACTERS, 7)])
def test_others_go_on_behind_a_report_that_takes_long_until_there_is_no_room_for_them(
    sources: list[Source], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, started: int
) -> None:
    monkeypatch.setattr(pool, "WAITING_CHARACTERS", room)
    (tmp_path / "long.txt").write_text("Nobody told the crew that the ward was full. " * 100_000)
    given: list[str] = []

    def counted() -> Iterator[Source]:
        for source in (Source("long.txt", tmp_path / "long.txt"), *sources * 4):
            given.append(source.name)
            yield source

    outcomes = process(counted(), settings(seconds=8), workers=2)
    assert isinstance(next(outcomes), Failed)
    assert len(given) == pytest.approx(started, abs=1)
    assert [name(o) for o in outcomes] == [s.name for s in sources * 4]


def test_a_model_that_cannot_be_loaded_stops_the_run(sources: list[Source], tmp_path: Path) -> None:
    with pytest.raises(FailingsError, match="model folder"):
        list(process(iter(sources), settings(tmp_path / "none"), workers=1))


def test_no_more_are_started_once_told_to_stop(sources: list[Source]) -> None:
    seen: list[Analysed | Failed] = []
    for outcome in process(iter(sources), settings(), workers=1, stopping=lambda: len(seen) >= 2):
        seen.append(outcome)
    assert 2 <= len(seen) < len(sources)
