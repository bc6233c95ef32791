"""Run a network with torch: one that is in training, or a model folder on a GPU."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from pipeline.classify.heads_onnx import read_heads
from pipeline.classify.model_folder import WEIGHTS, ModelConfig
from pipeline.classify.network import PassageClassifier, blank_encoder
from pipeline.classify.onnx_weights import read_weights
from pipeline.classify.scores import Floats
from pipeline.errors import ModelError

OUTPUTS = ("category_logits", "assertion_logits", "pooled")
HEADS = {"category_head": "category_logits", "assertion_head": "assertion_logits"}


class Torch:
    """A trained network (`predict.Runtime`), on the GPU where there is one."""

    def __init__(self, network: PassageClassifier) -> None:
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._network = network.eval().to(self._device)
        heads = (
            network.category_head.out_features,
            network.assertion_head.out_features,
            network.norm.normalized_shape[0],
        )
        self.widths = dict(zip(OUTPUTS, heads, strict=True))

    @torch.inference_mode()
    def infer(self, inputs: Mapping[str, NDArray[Any]], names: Sequence[str]) -> list[Floats]:
        """The named outputs, computed in bfloat16 on a GPU."""
        tensors = {name: torch.from_numpy(array).to(self._device) for name, array in inputs.items()}
        with torch.autocast("cuda", torch.bfloat16, enabled=self._device == "cuda"):
            outputs = dict(zip(OUTPUTS, self._network.logits(**tensors), strict=True))
        return [outputs[name].float().cpu().numpy() for name in names]


def load_network(folder: Path, config: ModelConfig) -> PassageClassifier:
    """The network of a checked model folder; raise ModelError when the folder does not say how it is built."""
    if not config.architecture:
        raise ModelError(f"{config.version} does not say how its encoder is built: it runs on a CPU only")
    heads = read_heads(folder / WEIGHTS, tuple(HEADS.values()))
    weights = {name: torch.from_numpy(value) for name, value in read_weights(folder / WEIGHTS).items()}
    for module, output in HEADS.items():
        weight, bias = heads[output]
        weights |= {
            f"{module}.weight": torch.from_numpy(weight.T.copy()),
            f"{module}.bias": torch.from_numpy(bias.copy()),
        }
    network = PassageClassifier(
        blank_encoder(config.architecture), categories=len(config.categories), assertions=len(config.assertions)
    )
    network.load_state_dict(weights)
    return network.eval()
