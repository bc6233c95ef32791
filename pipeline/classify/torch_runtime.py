"""Run a network that is in training, with torch: what teaches, and what designs are compared by."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray

from pipeline.classify.network import PassageClassifier
from pipeline.classify.scores import Floats

OUTPUTS = ("category_logits", "assertion_logits", "pooled")


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
