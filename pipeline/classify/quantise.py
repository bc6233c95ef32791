"""An exported model in 8-bit integers throughout, inputs too: faster where the processor multiplies these, and not quite as exact."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nncf
import onnx
from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters, OverflowFix
from onnx import numpy_helper

from pipeline.classify.onnx_weights import constants
from pipeline.classify.predict import Inputs

HEADS = ("category_logits", "assertion_logits", "pooled")


def quantise(path: Path, calibration: Iterable[Inputs]) -> None:
    """Quantise the model at `path` in place; `calibration` are inputs by which the ranges of its activations are set.

    The heads stay as they are. Weights use 7 of the 8 bits, so that no processor's sums overflow: the answers are the same on all.
    """
    batches = list(calibration)
    whole = _unpacked(onnx.load(path))
    ignored = nncf.IgnoredScope(names=sorted(_behind_pooling(whole.graph)))
    quantised = nncf.quantize(
        whole,
        nncf.Dataset(batches),
        preset=nncf.QuantizationPreset.MIXED,
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(batches),
        ignored_scope=ignored,
        advanced_parameters=AdvancedQuantizationParameters(overflow_fix=OverflowFix.ENABLE),
    )
    onnx.checker.check_model(quantised)
    path.write_bytes(quantised.SerializeToString(deterministic=True))


def _unpacked(model: Any) -> Any:
    """The model with plain weights in the place of small ones that a node turns back."""
    graph = model.graph
    plain = constants(graph)
    stored = {tensor.name for tensor in graph.initializer}
    unpacking = [node for node in graph.node if node.output[0] in plain and node.output[0] not in stored]
    used = {name for node in unpacking for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name not in used]
    kept += [numpy_helper.from_array(plain[node.output[0]], node.output[0]) for node in unpacking]
    nodes = [node for node in graph.node if node not in unpacking]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    return model


def _behind_pooling(graph: Any) -> set[str]:
    """Names of the matrix products whose result goes to an output without another one on the way: pooling and heads."""
    made_by = {name: node for node in graph.node for name in node.output}
    found: set[str] = set()
    waiting = list(HEADS)
    while waiting:
        node = made_by.get(waiting.pop())
        if node is None:
            continue
        if node.op_type == "MatMul":
            found.add(node.name)
            waiting += ["pooled"] if node.input[0] == "pooled" else []
        else:
            waiting += list(node.input)
    return found
