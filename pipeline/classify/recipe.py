"""A training recipe: one TOML file a model, parsed once; unknown keys are refused."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from pipeline.classify.windows import Context
from pipeline.errors import ModelError

WeightFormat = Literal["half", "int8", "quantised"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides the weights. Sizes are in tokens, learning rates are the peaks.

    Windows have `size` in training, `read_size` and `overlap` in use.
    `layers` are the encoder's layers that are kept, counted from 0; empty for all.
    First the encoder guesses masked words of unlabelled reports for `adapt_steps` batches, 0 for not at all. The labelled
    reports are packed into windows `packs` times with other borders; training takes `steps` batches of them, shuffled, and the
    weights are the average of `runs` trainings that start alike and shuffle differently.
    `context` is what a passage is read in (`windows.Context`). A label of a category with n examples weighs
    (most / n) ** `rare_weight`, `most` being the examples of the commonest one. `made_up` is a file, beside the
    recipe, of labelled sentences to learn from besides (`gold.read_made_up`). `teacher` is the folder, beside the recipe's, of a
    model whose probabilities for `taught_reports` unlabelled reports are learnt too; empty for none. `weights` is how the
    finished weights are written: in half precision, or as 8-bit integers with a scale a row; "quantised"
    computes with integers too (`quantise`).
    """

    encoder: str
    layers: tuple[int, ...]
    size: int
    read_size: int
    overlap: int
    context: Context
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
    rare_weight: float
    made_up: str
    adapt_steps: int
    adapt_learning_rate: float
    teacher: str
    taught_reports: int
    dropout: float
    runs: int
    seed: int
    weights: WeightFormat


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file; raise ModelError that lists everything wrong with it."""
    try:
        row: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path}: {error}") from error
    return parse_recipe(row, str(path))


def parse_recipe(row: Mapping[str, Any], place: str) -> Recipe:
    """A recipe from a parsed table; raise ModelError that lists everything wrong with it, at `place`."""
    types = {name: getattr(kind, "__origin__", kind) for name, kind in get_type_hints(Recipe).items()}
    types["context"] = types["weights"] = str
    row = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    names = {f.name for f in fields(Recipe)}
    wrong = [f"unknown key {key!r}" for key in sorted(set(row) - names)]
    wrong += [f"missing key {key!r}" for key in sorted(names - set(row))]
    wrong += [
        f"{key} = {row[key]!r} is not a {types[key].__name__}"
        for key in sorted(names & set(row))
        if not isinstance(row[key], (int, float) if types[key] is float else types[key])
    ]
    if row.get("context") not in get_args(Context):
        wrong.append(f"context = {row.get('context')!r}; valid: {', '.join(get_args(Context))}")
    if row.get("weights") not in get_args(WeightFormat):
        wrong.append(f"weights = {row.get('weights')!r}; valid: {', '.join(get_args(WeightFormat))}")
    if wrong:
        raise ModelError(f"{place}: {'; '.join(wrong)}")
    return Recipe(**row)
