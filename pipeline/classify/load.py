"""Load a model folder, to read passages with, on what this machine has to compute with."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from pipeline.classify.model_folder import TOKENIZER, ModelConfig, load_calibration, load_config
from pipeline.classify.predict import Classifier, Runtime
from pipeline.classify.tokens import WordPieces
from pipeline.errors import ModelError, UsageError

DEVICES = ("auto", "cpu", "cuda")
GPU = Path("/dev/nvidiactl")
ON_GPU = "+bf16"


def device_here(asked: str) -> str:
    """What DEVICES comes to on this machine, "cpu" or "cuda"; raise UsageError where there is no GPU and one is asked for."""
    if asked == "cpu" or (asked == "auto" and not (GPU.exists() and find_spec("torch"))):
        return "cpu"
    if find_spec("torch"):
        import torch  # noqa: PLC0415  (an extra, and slow to load)

        if torch.cuda.is_available():
            return "cuda"
    if asked == "auto":
        return "cpu"
    raise UsageError(
        '--device cuda needs an NVIDIA GPU and torch with CUDA: pip install "failings[gpu]", or leave --device out'
    )


def version_on(config: ModelConfig, device: str) -> str:
    """The version that findings are kept under: a GPU computes in bfloat16 and answers a little differently."""
    return config.version + (ON_GPU if device == "cuda" else "")


def load_classifier(folder: Path, *, threads: int = 1, device: str = "cpu", precision: str = "f32") -> Classifier:
    """Load and check a model folder; raise ModelError when a file is missing or damaged, or there is nothing to run it.

    On a CPU it runs with OpenVINO, or ONNX Runtime where only that is installed. `precision` "bf16" is faster where a CPU has
    instructions for it, and answers a little differently.
    """
    config = load_config(folder)
    runtime = _runtime(folder, config, threads=threads, device=device, precision=precision)
    config = replace(config, version=version_on(config, device))
    return Classifier(config, load_calibration(folder), WordPieces(folder / TOKENIZER), runtime)


def _runtime(folder: Path, config: ModelConfig, *, threads: int, device: str, precision: str) -> Runtime:
    if device == "cuda":
        from pipeline.classify.torch_runtime import Torch, load_network  # noqa: PLC0415  (torch: an extra)

        return Torch(load_network(folder, config))
    if find_spec("openvino"):
        from pipeline.classify.openvino_runtime import load_openvino  # noqa: PLC0415  (not where it is absent)

        return load_openvino(folder, threads=threads, precision=precision)
    if find_spec("onnxruntime"):
        from pipeline.classify.onnx_runtime import load_onnx  # noqa: PLC0415  (in place of OpenVINO)

        return load_onnx(folder, threads=threads)
    raise ModelError("nothing to run the model with: pip install openvino (or onnxruntime, where there is no OpenVINO)")
