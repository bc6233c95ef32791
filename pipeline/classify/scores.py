"""What a model says of passages: logits, and the calibrated probabilities that they turn into."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.classify.model_folder import Calibration

Floats = NDArray[np.float32]


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


def calibrated(logits: Logits, calibration: Calibration) -> Scores:
    """Probabilities from logits."""
    slope, intercept = np.array(calibration.slope), np.array(calibration.intercept)
    categories = 1 / (1 + np.exp(-(slope * logits.categories + intercept)))
    scaled = logits.assertions / calibration.assertion_temperature
    exps = np.exp(scaled - scaled.max(axis=1, keepdims=True, initial=-np.inf))
    return Scores(categories.astype(np.float32), (exps / exps.sum(axis=1, keepdims=True)).astype(np.float32))
