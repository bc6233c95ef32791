"""A model answers alike on every runtime that there is, and says under which version."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from pipeline.classify import load, openvino_runtime
from pipeline.classify.load import device_here, load_classifier, version_on
from pipeline.classify.model_folder import load_config
from pipeline.classify.predict import Classifier
from pipeline.errors import ModelError, UsageError
from pipeline.report import Passage

MODELS = Path(__file__).parent.parent / "models"
TEXT = (
    "The control room did not pass the warning on to the crew. "
    "There was no bed for her in the county that night. "
    "The lift was repaired in May."
)
ENDS = [at + 1 for at, letter in enumerate(TEXT) if letter == "."]
PASSAGES = tuple(Passage(start and start + 1, end) for start, end in zip([0, *ENDS], ENDS, strict=False))


def answers(classifier: Classifier) -> np.ndarray:
    logits = classifier.logits(TEXT, PASSAGES)
    return np.hstack([logits.categories, logits.assertions])


def without(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "find_spec", lambda asked: None if asked == name else find_spec(asked))


@pytest.mark.parametrize(("model", "near"), [("minilm", 1e-4), ("fast", 0.1)])
def test_onnx_runtime_answers_as_openvino_does_where_that_is_absent(
    model: str, near: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime", reason="pip install onnxruntime")
    expected = answers(load_classifier(MODELS / model))
    without("openvino", monkeypatch)
    classifier = load_classifier(MODELS / model)
    assert type(classifier._runtime).__name__ == "OnnxRuntime"
    assert np.abs(answers(classifier) - expected).max() < near
    assert np.ptp(expected) > 5


@pytest.mark.parametrize(
    ("told", "integers"),
    [
        (None, True),
        ("Features : asimd\n", True),
        ("processor : 0\nflags : fma avx2\n", False),
        ("processor : 0\nflags : fma avx2 avx_vnni\n", True),
        ("processor : 0\nflags : avx2 avx512f avx512_vnni\n", True),
    ],
)
def test_the_fast_model_answers_alike_whether_a_processor_multiplies_integers_or_not(
    told: str | None, integers: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = answers(load_classifier(MODELS / "fast"))
    monkeypatch.setattr(openvino_runtime, "CPU_INFO", tmp_path / "cpuinfo")
    if told:
        openvino_runtime.CPU_INFO.write_text(told)
    assert openvino_runtime.multiplies_integers() is integers
    assert np.abs(answers(load_classifier(MODELS / "fast")) - expected).max() < 0.1


def test_without_any_runtime_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match="pip install openvino"):
        load_classifier(MODELS / "fast")


@pytest.mark.parametrize(("model", "near"), [("minilm", 1e-4), ("large", 1e-4), ("fast", 0.3)])
def test_torch_answers_as_openvino_does(model: str, near: float) -> None:
    pytest.importorskip("torch", reason='pip install "failings[gpu]"')
    pytest.importorskip("transformers", reason='pip install "failings[gpu]"')
    from pipeline.classify.torch_runtime import Torch, load_network

    classifier = load_classifier(MODELS / model)
    expected = answers(classifier)
    classifier._runtime = Torch(load_network(MODELS / model, classifier.config))
    assert np.abs(answers(classifier) - expected).max() < near
    assert np.ptp(expected) > 5


def test_a_model_that_does_not_say_how_it_is_built_runs_on_no_gpu() -> None:
    pytest.importorskip("torch", reason='pip install "failings[gpu]"')
    pytest.importorskip("transformers", reason='pip install "failings[gpu]"')
    from pipeline.classify.torch_runtime import load_network

    config = replace(load_config(MODELS / "minilm"), architecture={})
    with pytest.raises(ModelError, match="runs on a CPU only"):
        load_network(MODELS / "minilm", config)


@pytest.mark.skipif(load.GPU.exists(), reason="this machine has a GPU")
def test_auto_is_the_cpu_where_there_is_no_gpu_and_asking_for_one_is_refused() -> None:
    assert device_here("auto") == device_here("cpu") == "cpu"
    with pytest.raises(UsageError, match="--device cuda needs"):
        device_here("cuda")


def test_what_a_gpu_finds_is_kept_under_a_version_of_its_own() -> None:
    config = load_config(MODELS / "minilm")
    assert version_on(config, "cuda") != version_on(config, "cpu") == config.version


def test_batches_waste_little_on_padding_and_lose_no_window() -> None:
    classifier = load_classifier(MODELS / "minilm")
    text = " ".join(
        f"Sentence number {n} says that nobody told the ward{' of the change' * (n % 7)}." for n in range(120)
    )
    ends = [at + 1 for at, letter in enumerate(text) if letter == "."]
    passages = tuple(Passage(start and start + 1, end) for start, end in zip([0, *ends], ends, strict=False))
    batches = list(classifier.inputs(text, passages))
    masks = [batch["attention_mask"] for batch in batches]
    assert sum(mask.sum() for mask in masks) > 0.9 * sum(mask.size for mask in masks)
    pooled = sum(int((batch["pooling"].sum(axis=2) > 0).sum()) for batch in batches)
    assert pooled >= len(passages)
