"""The figures that the README quotes are those of the shipped model."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("model", ["minilm", "fast", "large"])
def test_figures_in_the_readme_are_those_of_the_model(model: str) -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    metrics = json.loads((ROOT / "models" / model / "metrics.json").read_text(encoding="utf-8"))
    for name in ("sentence_f1", "category_micro_f1", "core_macro_f1"):
        row = metrics["figures"][name]
        assert f"{row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})" in readme
    assert f"{metrics['dev_reports']} labelled coroners' reports" in readme


@pytest.mark.parametrize("model", ["minilm", "fast", "large"])
def test_the_card_is_about_the_weights_beside_it(model: str) -> None:
    folder = ROOT / "models" / model
    version = json.loads((folder / "config.json").read_text(encoding="utf-8"))["version"]
    assert f"# {version}\n" in (folder / "README.md").read_text(encoding="utf-8")
