"""Read the encoder's weights back from an exported model, by the names that they have in torch."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from pipeline.errors import ModelError

PREFIX = "network."
Floats = NDArray[np.float32]


def read_weights(path: Path) -> dict[str, Floats]:
    """Every named weight of a model that `export_onnx` wrote, in single precision; linear layers as (outputs, inputs).

    The exporter keeps the name of a linear layer's bias and not that of its weight, which is found beside it in the graph. Weights
    that `quantise` made integers are given back as the numbers that those stand for.
    """
    graph = onnx.load(path).graph
    values = constants(graph)
    made_by = {name: node for node in graph.node for name in node.output}
    named = {name.removeprefix("dq_output_").removesuffix("_1"): value for name, value in values.items()}
    weights = {name.removeprefix(PREFIX): value for name, value in named.items() if name.startswith(PREFIX)}
    for node in graph.node:
        bias = next((name for name in node.input if name.startswith(PREFIX) and name.endswith(".bias")), None)
        product = next((made_by[name] for name in node.input if name in made_by and name not in values), None)
        if node.op_type == "Add" and bias and product is not None and product.op_type == "MatMul":
            weight = values[product.input[1]] * _smoothing(product.input[0], made_by, values)
            weights[bias.removeprefix(PREFIX).removesuffix("bias") + "weight"] = weight.T.copy()
    if not weights:
        raise ModelError(f"{path} does not name its weights: it was not written by `failings train`")
    return weights


def _smoothing(name: str, made_by: Mapping[str, Any], values: Mapping[str, Floats]) -> Floats:
    """What NNCF multiplies a product's inputs by, (inputs, 1), before they are made integers, and divided its weights by."""
    while name in made_by and made_by[name].op_type in ("QuantizeLinear", "DequantizeLinear"):
        name = made_by[name].input[0]
    if name in made_by and made_by[name].op_type == "Mul" and "smooth_quant" in made_by[name].name:
        return values[made_by[name].input[1]].reshape(-1, 1)
    return np.ones((1, 1), np.float32)


def constants(graph: Any) -> dict[str, Floats]:
    """Each number in the graph that does not depend on its inputs, by name: those stored, and those that a node makes of smaller ones."""
    return dict(_constants(graph))


def _constants(graph: Any) -> Iterator[tuple[str, Floats]]:
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    small = {name for node in graph.node if node.op_type in ("Cast", "DequantizeLinear") for name in node.input}
    for name, value in stored.items():
        if np.issubdtype(value.dtype, np.floating) and name not in small:
            yield name, value.astype(np.float32)
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in stored:
            yield node.output[0], stored[node.input[0]].astype(np.float32)
        elif node.op_type == "DequantizeLinear" and all(name in stored for name in node.input):
            integers, scale, *zeros = (stored[name] for name in node.input)
            others = 1 - next(a.i for a in node.attribute if a.name == "axis") % integers.ndim
            zero = np.expand_dims(zeros[0], others).astype(np.int32) if zeros else 0
            yield node.output[0], ((integers - zero) * np.expand_dims(scale, others)).astype(np.float32)
