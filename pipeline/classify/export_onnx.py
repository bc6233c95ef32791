"""Write a trained network as ONNX with small weights; any runtime computes with them in single precision."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from pipeline.classify.network import PassageClassifier
from pipeline.classify.recipe import WeightFormat

LARGE = 1024
Floats = NDArray[np.float32]


class _Logits(nn.Module):
    def __init__(self, network: PassageClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor, pooling: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.network.logits(input_ids, attention_mask, pooling)


def export_onnx(network: PassageClassifier, path: Path, weights: WeightFormat) -> None:
    """Write `network` to `path`: inputs input_ids, attention_mask, pooling; outputs category_logits, assertion_logits, pooled."""
    batch, tokens, passages = (torch.export.Dim(n) for n in ("batch", "tokens", "passages"))
    ids = torch.ones(2, 16, dtype=torch.long)
    program: Any = torch.onnx.export(
        _Logits(network).eval(),
        (ids, torch.ones_like(ids), torch.rand(2, 3, 16)),
        input_names=["input_ids", "attention_mask", "pooling"],
        output_names=["category_logits", "assertion_logits", "pooled"],
        dynamic_shapes=({0: batch, 1: tokens}, {0: batch, 1: tokens}, {0: batch, 1: passages, 2: tokens}),
        dynamo=True,
    )
    model = program.model_proto
    _shrink(model.graph, _as_integers if weights == "int8" else _halved)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _shrink(graph: onnx.GraphProto, smaller: Callable[[str, Floats], tuple[list[TensorProto], onnx.NodeProto]]) -> None:
    """Put smaller tensors in the place of the large ones, each with a node that turns it back."""
    kept, nodes = [], []
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= LARGE:
            tensors, node = smaller(tensor.name, numpy_helper.to_array(tensor))
            kept += tensors
            nodes.append(node)
        else:
            kept.append(tensor)
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)


def _halved(name: str, weights: Floats) -> tuple[list[TensorProto], onnx.NodeProto]:
    half = numpy_helper.from_array(weights.astype(np.float16), f"{name}.half")
    return [half], helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT)


def _as_integers(name: str, weights: Floats) -> tuple[list[TensorProto], onnx.NodeProto]:
    """Integers of 8 bits with a scale a row or a column, whichever comes nearer; vectors in half precision."""
    if weights.ndim != 2:
        return _halved(name, weights)
    axis = min((0, 1), key=lambda a: float(np.abs(_back(*_quantised(weights, a), a) - weights).mean()))
    integers, scale = _quantised(weights, axis)
    tensors = [numpy_helper.from_array(integers, f"{name}.int8"), numpy_helper.from_array(scale, f"{name}.scale")]
    return tensors, helper.make_node("DequantizeLinear", [t.name for t in tensors], [name], axis=axis)


def _quantised(weights: Floats, axis: int) -> tuple[NDArray[np.int8], Floats]:
    scale = np.maximum(np.abs(weights).max(axis=1 - axis), 1e-12).astype(np.float32) / np.float32(127)
    return np.round(weights / np.expand_dims(scale, 1 - axis)).astype(np.int8), scale


def _back(integers: NDArray[np.int8], scale: Floats, axis: int) -> Floats:
    return (integers * np.expand_dims(scale, 1 - axis)).astype(np.float32)
