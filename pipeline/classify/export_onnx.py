"""Write a trained network as ONNX with weights in half precision; any runtime computes with them in single precision."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from pipeline.classify.network import PassageClassifier

LARGE = 1024


class _Logits(nn.Module):
    def __init__(self, network: PassageClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor, pooling: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.network.logits(input_ids, attention_mask, pooling)


def export_onnx(network: PassageClassifier, path: Path) -> None:
    """Write `network` to `path`: inputs input_ids, attention_mask, pooling; outputs category_logits, assertion_logits, pooled."""
    batch, tokens, passages = (torch.export.Dim(n) for n in ("batch", "tokens", "passages"))
    ids = torch.ones(2, 16, dtype=torch.long)
    program = torch.onnx.export(
        _Logits(network).eval(),
        (ids, torch.ones_like(ids), torch.rand(2, 3, 16)),
        input_names=["input_ids", "attention_mask", "pooling"],
        output_names=["category_logits", "assertion_logits", "pooled"],
        dynamic_shapes=({0: batch, 1: tokens}, {0: batch, 1: tokens}, {0: batch, 1: passages, 2: tokens}),
        dynamo=True,
    )
    model = program.model_proto
    _halve(model.graph)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _halve(graph: onnx.GraphProto) -> None:
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= LARGE:
            name = tensor.name
            half = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
