"""A training recipe: one TOML file a model, parsed once; unknown keys are refused."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from pipeline.errors import ModelError


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides the weights. `size` and `overlap` are in tokens, learning rates are the peaks.

    The reports are packed into windows `packs` times with other borders; training takes `steps` batches of them, shuffled.
    """

    encoder: str
    size: int
    overlap: int
    marks: tuple[str, ...]
    mark_dropout: float
    packs: int
    steps: int
    batch: int
    learning_rate: float
    head_learning_rate: float
    weight_decay: float
    warmup: float
    assertion_weight: float
    dropout: float
    seed: int


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file; raise ModelError that lists everything wrong with it."""
    try:
        row: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path}: {error}") from error
    types = {name: getattr(kind, "__origin__", kind) for name, kind in get_type_hints(Recipe).items()}
    row = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    names = {f.name for f in fields(Recipe)}
    wrong = [f"unknown key {key!r}" for key in sorted(set(row) - names)]
    wrong += [f"missing key {key!r}" for key in sorted(names - set(row))]
    wrong += [
        f"{key} = {row[key]!r} is not a {types[key].__name__}"
        for key in sorted(names & set(row))
        if not isinstance(row[key], (int, float) if types[key] is float else types[key])
    ]
    if wrong:
        raise ModelError(f"{path}: {'; '.join(wrong)}")
    return Recipe(**row)
