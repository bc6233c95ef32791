"""A quantised model: smaller, near what it was, its heads untouched, and refused where it answers too differently."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nncf", reason='quantising needs nncf: pip install "failings[train]"')
pytest.importorskip("torch", reason='pip install "failings[train]"')

from pipeline.classify import quantise_checked
from pipeline.classify.from_recipe import Data
from pipeline.classify.gold import read_made_up
from pipeline.classify.heads_onnx import read_heads
from pipeline.classify.load import load_classifier
from pipeline.classify.model_folder import load_config
from pipeline.errors import ModelError
from pipeline.taxonomy import load_taxonomy

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parent.parent
OUTPUTS = ("category_logits", "assertion_logits")


@pytest.fixture(scope="module")
def data() -> Data:
    reports = tuple(read_made_up(ROOT / "annotations" / "made_up.csv"))
    return Data(ROOT, (), reports[:6], reports[6:9], frozenset(), {})


def test_quantised_it_is_half_the_size_and_decides_nearly_alike(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantise_checked, "MOST_CHANGED", 0.05)  # three reports are few
    folder = tmp_path / "small"
    shutil.copytree(ROOT / "models" / "minilm", folder)
    before = (folder / "model.onnx").stat().st_size
    heads = read_heads(folder / "model.onnx", OUTPUTS)
    changed = quantise_checked.quantise_checked(folder, data, load_taxonomy().ids)
    assert (folder / "model.onnx").stat().st_size < 0.6 * before
    assert load_config(folder).version != load_config(ROOT / "models" / "minilm").version
    assert abs(changed["f1"] - changed["f1_before"]) < quantise_checked.MOST_CHANGED
    assert 0.9 < changed["decided_alike"] <= 1
    for name, (weight, bias) in read_heads(folder / "model.onnx", OUTPUTS).items():
        np.testing.assert_allclose(weight, heads[name][0], atol=1e-6)
        np.testing.assert_allclose(bias, heads[name][1], atol=1e-6)
    report = data.dev[0]
    logits = (load_classifier(place).logits(report.text, report.passages) for place in (folder, ROOT / "models/minilm"))
    small, whole = (each.categories for each in logits)
    assert 0 < np.abs(small - whole).mean() < 0.5


def test_what_changes_the_findings_too_much_is_refused(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "small"
    shutil.copytree(ROOT / "models" / "fast", folder)
    monkeypatch.setattr(
        quantise_checked, "quantise", lambda path, _: shutil.copyfile(ROOT / "models/minilm/model.onnx", path)
    )
    monkeypatch.setattr(quantise_checked, "MOST_CHANGED", 1e-9)
    with pytest.raises(ModelError, match="too much"):
        quantise_checked.quantise_checked(folder, data, load_taxonomy().ids)
