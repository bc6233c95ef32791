"""Give an exported model more rows in its category head, leaving all that is in it as it is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from pipeline.errors import ModelError

LOGITS = "category_logits"
POOLED = "pooled"
Floats = NDArray[np.floating[Any]]


def extend_onnx(base: Path, path: Path, *, weight: Floats, bias: Floats, order: Sequence[int]) -> None:
    """Write the model `base` to `path` with the rows `weight` (hidden, rows) and `bias` (rows,) beside its own category head.

    Column i of the new category logits is number `order[i]` of the old ones followed by the new rows. The old ones are still
    computed by the old head, so that they stay the same to the last bit.
    """
    model = onnx.load(base)
    graph = model.graph
    if POOLED not in {output.name for output in graph.output}:
        raise ModelError(f"{base.parent.name} does not give out its embeddings: use a newer model")
    unique = f"own_{len(graph.node)}"
    before, rows = f"{unique}.before", f"{unique}.rows"
    _rename(graph, LOGITS, before)
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(values, dtype), f"{unique}.{name}")
        for name, values, dtype in (
            ("weight", weight, np.float32),
            ("bias", bias, np.float32),
            ("order", order, np.int64),
        )
    )
    graph.node.extend(
        [
            helper.make_node("MatMul", [POOLED, f"{unique}.weight"], [f"{unique}.product"]),
            helper.make_node("Add", [f"{unique}.product", f"{unique}.bias"], [rows]),
            helper.make_node("Concat", [before, rows], [f"{unique}.all"], axis=-1),
            helper.make_node("Gather", [f"{unique}.all", f"{unique}.order"], [LOGITS], axis=-1),
        ]
    )
    output = next(output for output in graph.output if output.name == LOGITS)
    output.type.tensor_type.shape.dim[-1].dim_value = len(order)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _rename(graph: onnx.GraphProto, name: str, to: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            for at, each in enumerate(names):
                if each == name:
                    names[at] = to
