"""Load a model folder, to read passages with, on what this machine has to compute with."""

from pathlib import Path

from pipeline.classify.model_folder import TOKENIZER, load_calibration, load_config
from pipeline.classify.predict import Classifier, Runtime
from pipeline.classify.tokens import WordPieces


def load_classifier(folder: Path, *, threads: int = 1, device: str = "cpu", precision: str = "f32") -> Classifier:
    """Load and check a model folder; raise ModelError when a file is missing or damaged.

    `precision` "bf16" is faster where a CPU has instructions for it, and answers a little differently; "cuda" always computes
    so.
    """
    config = load_config(folder)
    runtime: Runtime
    if device == "cuda":
        from pipeline.classify.torch_runtime import Torch, load_network  # noqa: PLC0415  (torch: an extra)

        runtime = Torch(load_network(folder, config))
    else:
        from pipeline.classify.openvino_runtime import load_openvino  # noqa: PLC0415  (not where there is a GPU alone)

        runtime = load_openvino(folder, threads=threads, precision=precision)
    return Classifier(config, load_calibration(folder), WordPieces(folder / TOKENIZER), runtime)
