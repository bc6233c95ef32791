"""Read passages with a model, one report at a time: windows in, logits of each passage out. Runtimes do the arithmetic."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.classify.model_folder import Calibration, ModelConfig
from pipeline.classify.scores import Floats, Logits, Scores, calibrated
from pipeline.classify.windows import Tokenizer, Window, windows
from pipeline.errors import ModelError
from pipeline.report import Passage

BATCH_TOKENS = 4096
PADDING = 0.1
TOKENS_STEP, SPANS_STEP = 32, 16  # a runtime prepares itself anew for each shape that it meets, and remembers
Inputs = Mapping[str, NDArray[Any]]


class Runtime(Protocol):
    """A loaded network."""

    @property
    def widths(self) -> Mapping[str, int]:
        """The size of the last axis of each output, by its name."""

    def infer(self, inputs: Inputs, names: Sequence[str]) -> list[Floats]:
        """The named outputs, (batch, passages, width) each, for input_ids, attention_mask and pooling."""


class Classifier:
    """A loaded model. The same passages get the same scores whatever else is in the batch: a report is a batch of its own."""

    def __init__(self, config: ModelConfig, calibration: Calibration, tokenizer: Tokenizer, runtime: Runtime) -> None:
        self.config = config
        self.calibration = calibration
        self._tokenizer = tokenizer
        self._runtime = runtime

    def logits(self, text: str, passages: Sequence[Passage]) -> Logits:
        """Logits of each passage, averaged over the windows that it stands in, weighted by its tokens there."""
        return Logits(*self._averages(text, passages, ("category_logits", "assertion_logits")))

    def embedded(self, text: str, passages: Sequence[Passage]) -> tuple[Logits, Floats]:
        """Logits, and the embeddings that the heads read them from, (passages, hidden), averaged in the same way.

        Raise ModelError when the model does not give them out.
        """
        if "pooled" not in self._runtime.widths:
            raise ModelError(f"{self.config.version} does not give out its embeddings: use a newer model")
        categories, assertions, pooled = self._averages(
            text, passages, ("category_logits", "assertion_logits", "pooled")
        )
        return Logits(categories, assertions), pooled

    def scores(self, text: str, passages: Sequence[Passage]) -> Scores:
        """Calibrated probabilities of each passage."""
        return calibrated(self.logits(text, passages), self.calibration)

    def inputs(self, text: str, passages: Sequence[Passage]) -> Iterator[Inputs]:
        """What the runtime is given for a text, batch by batch."""
        return (_padded(batch) for batch in _batches(self._windows(text, passages)))

    def _windows(self, text: str, passages: Sequence[Passage]) -> list[Window]:
        config = self.config
        return list(
            windows(
                text,
                passages,
                self._tokenizer,
                size=config.size,
                overlap=config.overlap,
                marks=config.marks,
                context=config.context,
            )
        )

    def _averages(self, text: str, passages: Sequence[Passage], names: Sequence[str]) -> list[Floats]:
        sums = [np.zeros((len(passages), self._runtime.widths[name]), np.float64) for name in names]
        weight = np.zeros((len(passages), 1), np.float64)
        for batch in _batches(self._windows(text, passages)):
            outputs = self._runtime.infer(_padded(batch), names)
            for row, window in enumerate(batch):
                for column, (passage, start, end) in enumerate(window.spans):
                    tokens = max(1, end - start)
                    weight[passage] += tokens
                    for total, output in zip(sums, outputs, strict=True):
                        total[passage] += tokens * output[row, column]
        return [(total / np.maximum(weight, 1)).astype(np.float32) for total in sums]


def _padded(batch: Sequence[Window]) -> dict[str, NDArray[Any]]:
    tokens = _rounded(max(len(w.token_ids) for w in batch), TOKENS_STEP)
    spans = _rounded(max(len(w.spans) for w in batch), SPANS_STEP)
    ids = np.zeros((len(batch), tokens), np.int64)
    mask = np.zeros((len(batch), tokens), np.int64)
    pooling = np.zeros((len(batch), spans, tokens), np.float32)
    for row, window in enumerate(batch):
        ids[row, : len(window.token_ids)] = window.token_ids
        mask[row, : len(window.token_ids)] = 1
        for column, (_, start, end) in enumerate(window.spans):
            pooling[row, column, start:end] = 1 / max(1, end - start)
    return {"input_ids": ids, "attention_mask": mask, "pooling": pooling}


def _rounded(size: int, step: int) -> int:
    return -(-size // step) * step


def _batches(packed: Sequence[Window]) -> list[list[Window]]:
    """Windows of like length together: at most BATCH_TOKENS tokens a batch, and PADDING of a window for padding."""
    batches: list[list[Window]] = []
    for window in sorted(packed, key=lambda w: -len(w.token_ids)):
        longest = len(batches[-1][0].token_ids) if batches else 0
        fits = longest * (len(batches[-1]) + 1) <= BATCH_TOKENS if batches else False
        if fits and len(window.token_ids) >= (1 - PADDING) * longest:
            batches[-1].append(window)
        else:
            batches.append([window])
    return batches
