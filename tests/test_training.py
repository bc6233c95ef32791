"""A tiny network with random weights through training, averaging and export."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason='training needs torch: pip install "failings[train]"')
pytest.importorskip("transformers", reason='training needs transformers: pip install "failings[train]"')

import openvino as ov
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from pipeline.classify import train
from pipeline.classify.adapt import adapted
from pipeline.classify.export_onnx import export_onnx
from pipeline.classify.lessons import Lesson
from pipeline.classify.openvino_runtime import OpenVino
from pipeline.classify.recipe import Recipe, load_recipe
from pipeline.classify.torch_runtime import Torch
from pipeline.errors import ModelError
from pipeline.report import Passage

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parent.parent
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "crew", "was", "not", "told", "fine", "gate"]
TEXT = "the crew was not told the gate was fine"
PASSAGES = (Passage(0, 21), Passage(22, 39))


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    folder = tmp_path / "encoder"
    torch.manual_seed(0)
    BertModel(
        BertConfig(
            vocab_size=len(WORDS), hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
        ),
        add_pooling_layer=False,
    ).save_pretrained(folder)
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = Whitespace()
    marks = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks).save_pretrained(folder)
    return folder


@pytest.fixture
def recipe() -> Recipe:
    shipped = load_recipe(ROOT / "models" / "minilm" / "train.toml")
    return replace(shipped, size=16, overlap=4, marks=(), packs=2, steps=3, batch=2, runs=2, adapt_steps=2)


def lessons() -> list[Lesson]:
    about, said = np.float32([[1, 0], [0, 0]]), np.float32([[0, 1, 0, 0, 0], [1, 0, 0, 0, 0]])
    return [Lesson(TEXT, PASSAGES, about, said)] * 4


def test_the_weights_are_the_average_of_the_runs_and_a_second_call_trains_nothing(
    encoder: Path, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = train.fine_tune(encoder, lessons, recipe, work=tmp_path)
    runs = [torch.load(tmp_path / f"run-{run}" / "trained.pt", weights_only=True) for run in range(2)]
    name = "category_head.weight"
    assert not torch.equal(runs[0][name], runs[1][name])
    assert torch.allclose(network.state_dict()[name], (runs[0][name] + runs[1][name]) / 2)
    monkeypatch.setattr(train, "take_steps", None)
    again = train.fine_tune(encoder, lessons, recipe, work=tmp_path)
    assert torch.equal(again.state_dict()[name], network.state_dict()[name])


def test_an_encoder_is_pre_trained_further_once(encoder: Path, recipe: Recipe, tmp_path: Path) -> None:
    texts = [(TEXT, PASSAGES)] * 4
    made = adapted(encoder, texts, recipe, work=tmp_path)
    before, after = BertModel.from_pretrained(encoder), BertModel.from_pretrained(made)
    assert not torch.equal(before.embeddings.word_embeddings.weight, after.embeddings.word_embeddings.weight)
    assert json.loads((made / "tokenizer.json").read_text())["model"]["vocab"]["crew"] == WORDS.index("crew")
    assert adapted(tmp_path / "nowhere", [], recipe, work=tmp_path) == made


@pytest.mark.parametrize(("weights", "tolerance"), [("half", 1e-3), ("int8", 1e-2)])
def test_exported_weights_answer_as_the_network_does(
    encoder: Path, recipe: Recipe, tmp_path: Path, weights: str, tolerance: float
) -> None:
    network = train.fine_tune(encoder, lessons, replace(recipe, runs=1), work=tmp_path)
    export_onnx(network, tmp_path / "model.onnx", weights)  # type: ignore[arg-type]
    exact = ov.Core().compile_model(tmp_path / "model.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    inputs = {
        "input_ids": np.int64([[2, 5, 6, 7, 3]]),
        "attention_mask": np.ones((1, 5), np.int64),
        "pooling": np.float32([[[0, 1 / 3, 1 / 3, 1 / 3, 0]]]),
    }
    names = ("category_logits", "assertion_logits", "pooled")
    for ours, theirs in zip(OpenVino(exact).infer(inputs, names), Torch(network).infer(inputs, names), strict=True):
        assert ours == pytest.approx(theirs, abs=tolerance)
    assert np.ptp(theirs) > 3 * tolerance  # the pooled passage: what was compared is not all alike


@pytest.mark.parametrize(("key", "value"), [("weights", '"int4"'), ("context", '"page"'), ("steps", '"many"')])
def test_a_recipe_with_a_wrong_value_says_where_and_what_is_valid(tmp_path: Path, key: str, value: str) -> None:
    lines = (ROOT / "models" / "minilm" / "train.toml").read_text(encoding="utf-8").split("\n")
    path = tmp_path / "train.toml"
    path.write_text("\n".join(f"{key} = {value}" if line.startswith(f"{key} =") else line for line in lines))
    with pytest.raises(ModelError, match=f"{path}: {key} = "):
        load_recipe(path)
