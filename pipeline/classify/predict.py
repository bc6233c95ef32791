"""Run a shipped model over passages with OpenVINO: probabilities of categories and assertions, for one report at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from pipeline.classify.model_folder import TOKENIZER, WEIGHTS, Calibration, ModelConfig, load_calibration, load_config
from pipeline.classify.tokens import WordPieces
from pipeline.classify.windows import Window, windows
from pipeline.errors import ModelError
from pipeline.report import Passage

Floats = NDArray[np.float32]
BATCH_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Logits:
    """Raw outputs, a row a passage: (passages, categories) and (passages, assertions with "none" first)."""

    categories: Floats
    assertions: Floats


@dataclass(frozen=True, slots=True)
class Scores:
    """Calibrated probabilities, a row a passage: (passages, categories) and (passages, assertions with "none" first)."""

    categories: Floats
    assertions: Floats


class Classifier:
    """A loaded model. The same passages get the same scores whatever else is in the batch: a report is a batch of its own."""

    def __init__(self, config: ModelConfig, calibration: Calibration, tokenizer: WordPieces, network: Any) -> None:
        self.config = config
        self.calibration = calibration
        self._tokenizer = tokenizer
        self._request = network.create_infer_request()
        self._widths = {output.any_name: output.partial_shape[-1].get_length() for output in network.outputs}

    def logits(self, text: str, passages: Sequence[Passage]) -> Logits:
        """Logits of each passage, averaged over the windows that it stands in, weighted by its tokens there."""
        return Logits(*self._averages(text, passages, ("category_logits", "assertion_logits")))

    def embedded(self, text: str, passages: Sequence[Passage]) -> tuple[Logits, Floats]:
        """Logits, and the embeddings that the heads read them from, (passages, hidden), averaged in the same way.

        Raise ModelError when the model does not give them out.
        """
        if "pooled" not in self._widths:
            raise ModelError(f"{self.config.version} does not give out its embeddings: use a newer model")
        categories, assertions, pooled = self._averages(
            text, passages, ("category_logits", "assertion_logits", "pooled")
        )
        return Logits(categories, assertions), pooled

    def _averages(self, text: str, passages: Sequence[Passage], names: Sequence[str]) -> list[Floats]:
        sums = [np.zeros((len(passages), self._widths[name]), np.float64) for name in names]
        weight = np.zeros((len(passages), 1), np.float64)
        packed = list(
            windows(
                text,
                passages,
                self._tokenizer,
                size=self.config.size,
                overlap=self.config.overlap,
                marks=self.config.marks,
                context=self.config.context,
            )
        )
        for batch in _batches(packed):
            outputs = self._infer(batch, names)
            for row, window in enumerate(batch):
                for column, (passage, start, end) in enumerate(window.spans):
                    tokens = max(1, end - start)
                    weight[passage] += tokens
                    for total, output in zip(sums, outputs, strict=True):
                        total[passage] += tokens * output[row, column]
        return [(total / np.maximum(weight, 1)).astype(np.float32) for total in sums]

    def scores(self, text: str, passages: Sequence[Passage]) -> Scores:
        """Calibrated probabilities of each passage."""
        return calibrated(self.logits(text, passages), self.calibration)

    def _infer(self, batch: Sequence[Window], names: Sequence[str]) -> list[Floats]:
        tokens = max(len(w.token_ids) for w in batch)
        spans = max(len(w.spans) for w in batch)
        ids = np.zeros((len(batch), tokens), np.int64)
        mask = np.zeros((len(batch), tokens), np.int64)
        pooling = np.zeros((len(batch), spans, tokens), np.float32)
        for row, window in enumerate(batch):
            ids[row, : len(window.token_ids)] = window.token_ids
            mask[row, : len(window.token_ids)] = 1
            for column, (_, start, end) in enumerate(window.spans):
                pooling[row, column, start:end] = 1 / max(1, end - start)
        outputs = self._request.infer({"input_ids": ids, "attention_mask": mask, "pooling": pooling}, share_inputs=True)
        return [outputs[name] for name in names]


def calibrated(logits: Logits, calibration: Calibration) -> Scores:
    """Probabilities from logits."""
    slope, intercept = np.array(calibration.slope), np.array(calibration.intercept)
    categories = 1 / (1 + np.exp(-(slope * logits.categories + intercept)))
    scaled = logits.assertions / calibration.assertion_temperature
    exps = np.exp(scaled - scaled.max(axis=1, keepdims=True, initial=-np.inf))
    return Scores(categories.astype(np.float32), (exps / exps.sum(axis=1, keepdims=True)).astype(np.float32))


def _batches(packed: Sequence[Window]) -> list[list[Window]]:
    """Windows of like length together, at most BATCH_TOKENS tokens a batch with its padding."""
    batches: list[list[Window]] = []
    for window in sorted(packed, key=lambda w: -len(w.token_ids)):
        if batches and len(batches[-1][0].token_ids) * (len(batches[-1]) + 1) <= BATCH_TOKENS:
            batches[-1].append(window)
        else:
            batches.append([window])
    return batches


def load_classifier(folder: Path, *, threads: int = 1, precision: str = "f32") -> Classifier:
    """Load and check a model folder; raise ModelError when a file is missing or damaged.

    `precision` "bf16" is faster where the machine has instructions for it, and answers a little differently.
    """
    config = load_config(folder)
    core = ov.Core()
    network = core.compile_model(
        core.read_model(folder / WEIGHTS),
        "CPU",
        {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": precision,
            "ENABLE_CPU_PINNING": False,
        },
    )
    return Classifier(config, load_calibration(folder), WordPieces(folder / TOKENIZER), network)
