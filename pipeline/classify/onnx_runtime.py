"""Run a model folder with ONNX Runtime, where there is no OpenVINO."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnxruntime as ort

from pipeline.classify.model_folder import WEIGHTS
from pipeline.classify.predict import Inputs
from pipeline.classify.scores import Floats


class OnnxRuntime:
    """A loaded network (`predict.Runtime`)."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.widths = {output.name: output.shape[-1] for output in session.get_outputs()}

    def infer(self, inputs: Inputs, names: Sequence[str]) -> list[Floats]:
        """The named outputs."""
        outputs: list[Floats] = self._session.run(list(names), dict(inputs))
        return outputs


def load_onnx(folder: Path, *, threads: int) -> OnnxRuntime:
    """Load the network of a checked model folder."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return OnnxRuntime(ort.InferenceSession(folder / WEIGHTS, options, providers=["CPUExecutionProvider"]))
