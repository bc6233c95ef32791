"""Decides to which of a passage's mentions the lapse or the recommendation is attributed: a logistic model over features."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, fsum
from pathlib import Path
from typing import Any

from pipeline.errors import ModelError

WEIGHTS_PATH = Path(__file__).with_name("attribution.json")
CLASSES_PATH = Path(__file__).with_name("word_classes.json")
KEYS = {"bias", "threshold", "weights"}


@dataclass(frozen=True, slots=True)
class Selector:
    """Weights of named features; a mention whose probability reaches `threshold` is an actor."""

    bias: float
    threshold: float
    weights: Mapping[str, float]

    def probability(self, features: set[str]) -> float:
        """The probability that gold would mark a mention with these features."""
        weights = self.weights
        return 1 / (1 + exp(-self.bias - fsum(weights[name] for name in features if name in weights)))


def load_selector(path: Path = WEIGHTS_PATH) -> Selector:
    """Read the weights that `scripts/train_actors.py` wrote; ModelError when they cannot be used."""
    data = _read(path)
    if set(data) != KEYS:
        raise ModelError(f"{path.name}: keys are {sorted(data)}, must be {sorted(KEYS)}")
    try:
        weights = {str(name): float(weight) for name, weight in data["weights"].items()}
        return Selector(float(data["bias"]), float(data["threshold"]), weights)
    except (ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{path.name}: cannot be read: {error}") from error


def load_classes(path: Path = CLASSES_PATH) -> Mapping[str, int]:
    """Read the word classes that `scripts/make_word_classes.py` wrote; ModelError when they cannot be used."""
    classes = _read(path)
    if not all(isinstance(number, int) for number in classes.values()):
        raise ModelError(f"{path.name}: every word must have the number of a class")
    return classes


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path.name}: cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise ModelError(f"{path.name}: must be an object")
    return data
