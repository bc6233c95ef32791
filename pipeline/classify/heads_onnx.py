"""The heads of an exported model: read them whatever shape they have in the graph, and put others in their place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from pipeline.classify.extend_onnx import POOLED
from pipeline.errors import ModelError

Floats = NDArray[np.float32]
Linear = tuple[Floats, Floats]


def read_heads(path: Path, names: tuple[str, ...]) -> dict[str, Linear]:
    """Weight (hidden, labels) and bias (labels,) of the heads whose outputs are `names`: logits = pooled @ weight + bias."""
    model = onnx.load(path)
    graph = _graph(model, path)
    hidden = next(o for o in graph.output if o.name == POOLED).type.tensor_type.shape.dim[-1].dim_value
    nodes, tensors = _needed(graph, names, stop=POOLED)
    inputs = [helper.make_tensor_value_info(POOLED, TensorProto.FLOAT, ["batch", "passages", hidden])]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
    part = helper.make_model(helper.make_graph(nodes, "heads", inputs, outputs, tensors),
                             opset_imports=model.opset_import)  # fmt: skip
    probes = np.vstack([np.zeros((1, hidden)), np.eye(hidden)]).astype(np.float32)[np.newaxis]
    answers: list[Any] = ReferenceEvaluator(part).run(None, {POOLED: probes})  # type: ignore[assignment]
    return {name: (said[0, 1:] - said[0, 0], said[0, 0]) for name, said in zip(names, answers, strict=True)}


def replace_heads(base: Path, path: Path, heads: Mapping[str, Linear]) -> None:
    """Write the model `base` to `path` with `heads` (by output) in place of its own; nothing else of it changes."""
    model = onnx.load(base)
    graph = _graph(model, base)
    kept, tensors = _needed(graph, [o.name for o in graph.output if o.name not in heads])
    nodes = list(kept)
    for name, (weight, bias) in heads.items():
        unique = f"{name}.of_{len(graph.node)}"
        tensors += [
            numpy_helper.from_array(np.ascontiguousarray(values, np.float32), f"{unique}.{part}")
            for part, values in (("weight", weight), ("bias", bias))
        ]
        nodes.append(helper.make_node("MatMul", [POOLED, f"{unique}.weight"], [f"{unique}.product"]))
        nodes.append(helper.make_node("Add", [f"{unique}.product", f"{unique}.bias"], [name]))
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(tensors)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _graph(model: Any, path: Path) -> Any:
    if POOLED not in {output.name for output in model.graph.output}:
        raise ModelError(f"{path.parent.name} does not give out its embeddings: use a newer model")
    return model.graph


def _needed(graph: Any, outputs: Any, stop: str = "") -> tuple[list[Any], list[Any]]:
    """The nodes, in order, and the tensors that `outputs` are computed from, back to `stop`."""
    wanted = set(outputs)
    nodes = []
    for node in reversed(graph.node):
        if wanted & set(node.output) - {stop}:
            nodes.append(node)
            wanted.update(node.input)
    return nodes[::-1], [tensor for tensor in graph.initializer if tensor.name in wanted]
