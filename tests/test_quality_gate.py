"""The floors hold for the shipped model, and do not go down unnoticed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import quality_gate  # noqa: E402

FIGURES = dict.fromkeys(quality_gate.GUARDED, 0.7)


@pytest.fixture
def floors(tmp_path: Path) -> Path:
    assert quality_gate.pin(tmp_path / "floors.json", FIGURES, "digest", lower=None) == []
    return tmp_path / "floors.json"


@pytest.mark.parametrize("model", quality_gate.MODELS)
def test_a_shipped_model_is_above_its_floors(model: str) -> None:
    corpus = Path(os.environ.get("FAILINGS_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not (corpus / "dev.jsonl").is_file():
        pytest.skip(f"needs the labelled corpus: no dev.jsonl in {corpus} (set FAILINGS_CORPUS)")
    gate = [sys.executable, ROOT / "scripts" / "quality_gate.py", "--corpus", corpus, "--model", model]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(gate, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr


def test_a_figure_under_its_floor_and_other_gold_data_are_faults(floors: Path) -> None:
    assert quality_gate.faults(floors, FIGURES, "digest") == []
    wrong = quality_gate.faults(floors, {**FIGURES, "actor_f1": 0.69}, "other digest")
    assert [line.split()[0] for line in wrong] == ["actor_f1", "the"]


def test_a_floor_goes_down_only_with_a_reason_that_the_changelog_gives(
    floors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worse = {**FIGURES, "sentence_f1": 0.6}
    (floors.parent / "CHANGELOG.md").write_text("smaller model", encoding="utf-8")
    monkeypatch.setattr(quality_gate, "ROOT", floors.parent)
    assert quality_gate.pin(floors, worse, "digest", lower=None)
    assert quality_gate.pin(floors, worse, "digest", lower="because")
    assert json.loads(floors.read_text())["floors"]["sentence_f1"] == pytest.approx(0.695)
    assert quality_gate.pin(floors, worse, "digest", lower="smaller model") == []
    assert json.loads(floors.read_text())["floors"]["sentence_f1"] == pytest.approx(0.595)
