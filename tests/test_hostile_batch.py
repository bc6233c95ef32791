"""Damaged samples through the whole job: none is lost, crashes the run or hangs it. `scripts/mutate_samples.py` does a thousand."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from mutate_samples import run, write_files  # noqa: E402


def test_each_damaged_file_is_stored_or_failed_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    made = write_files(tmp_path / "batch", 40, seed=7)
    outcome = run(tmp_path, made, ["--workers", "2"])
    assert outcome["lost"] == outcome["without_reason"] == []
    assert not outcome["tracebacks"]
    assert not outcome["died_or_hung"]
    assert outcome["status"] == 1
    assert len(outcome["reasons"]) > 5  # type: ignore[arg-type]


def test_the_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    for place in ("a", "b"):
        write_files(tmp_path / place, 30, seed=3)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes() or path.suffix in (".zip", ".parquet")
