"""Run a model folder with OpenVINO: what the product does."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pipeline.classify.model_folder import WEIGHTS
from pipeline.classify.quiet_openvino import ov
from pipeline.classify.scores import Floats

CPU_INFO = Path("/proc/cpuinfo")


class OpenVino:
    """A compiled network (`predict.Runtime`)."""

    def __init__(self, network: Any) -> None:
        self._request = network.create_infer_request()
        self.widths = {output.any_name: output.partial_shape[-1].get_length() for output in network.outputs}

    def infer(self, inputs: Mapping[str, NDArray[Any]], names: Sequence[str]) -> list[Floats]:
        """The named outputs."""
        outputs = self._request.infer(dict(inputs), share_inputs=True)
        return [outputs[name] for name in names]


def multiplies_integers() -> bool:
    """Whether this processor is faster with 8-bit integers than with floats; True where it does not tell."""
    told = CPU_INFO.read_text(encoding="utf-8") if CPU_INFO.is_file() else ""
    return "\nflags" not in told or "vnni" in told or "amx_int8" in told


def load_openvino(folder: Path, *, threads: int, precision: str) -> OpenVino:
    """Compile the network of a checked model folder."""
    core = ov.Core()
    network = core.compile_model(
        _unguarded(core.read_model(folder / WEIGHTS)),
        "CPU",
        {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": precision,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,  # else 8-bit weights would mean 8-bit inputs on some processors only
            "ENABLE_CPU_PINNING": False,
            "CPU_RUNTIME_CACHE_CAPACITY": 256,  # kernels for shapes met before; by default memory grows with every shape
            **({} if multiplies_integers() else {"LP_TRANSFORMS_MODE": "NO"}),  # rounds alike, and multiplies floats
        },
    )
    return OpenVino(network)


def _unguarded(model: Any) -> Any:
    """The model without what torch puts behind each softmax, for the case that every key is masked: here the first never is.

    It costs a tenth of the time, and keeps OpenVINO from computing attention in one step, which costs as much again.
    """
    for node in model.get_ops():
        if node.get_type_name() == "Select":
            asked, otherwise = node.input_value(0).get_node(), node.input_value(2)
            if asked.get_type_name() == "IsNaN" and asked.input_value(0) == otherwise:
                node.output(0).replace(otherwise)
    return model
