"""A recipe for categories of one's own: a base model, a taxonomy and labelled sentences, in one TOML file."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.classify.model_folder import named_folder
from pipeline.errors import ModelError

KEYS = {"base": str, "taxonomy": str, "sentences": list, "reports": list, "seed": int}
REQUIRED = ("base", "taxonomy", "sentences")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRecipe:
    """Paths are ready to open: those in the file are relative to it. `reports` are unlabelled ones, read as background."""

    path: Path
    base: Path
    taxonomy: Path
    sentences: tuple[Path, ...]
    reports: tuple[Path, ...] = ()
    seed: int = 0

    @property
    def folder(self) -> Path:
        """Where the model goes: beside the recipe, under the recipe's name."""
        return self.path.with_suffix("")


def is_own(path: Path) -> bool:
    """Whether the recipe at `path` extends a model; a recipe that trains a whole one names no `base`."""
    return "base" in _table(path)


def load_own_recipe(path: Path) -> OwnRecipe:
    """Read a recipe file; raise ModelError that lists everything wrong with it."""
    row = _table(path)
    wrong = [f"unknown key {key!r}; known: {', '.join(KEYS)}" for key in row if key not in KEYS]
    wrong += [f"missing key {key!r}" for key in REQUIRED if key not in row]
    wrong += [f"{k} = {row[k]!r} is not a {kind.__name__}" for k, kind in KEYS.items() if not _is(row.get(k), kind)]
    if wrong:
        raise ModelError(f"{path}: {'; '.join(wrong)}")
    missing: list[str] = []
    try:
        base = named_folder(Path(row["base"]), beside=path.parent)
    except ModelError as error:
        base, missing = Path(row["base"]), [str(error)]
    recipe = OwnRecipe(
        path=path,
        base=base,
        taxonomy=path.parent / row["taxonomy"],
        sentences=tuple(path.parent / name for name in row["sentences"]),
        reports=tuple(path.parent / name for name in row.get("reports", [])),
        seed=row.get("seed", 0),
    )
    _refuse_missing(recipe, missing)
    return recipe


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path}: {error}") from error


def _is(value: Any, kind: type) -> bool:
    if kind is list and value is not None:
        return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)
    return value is None or (isinstance(value, kind) and not isinstance(value, bool))


def _refuse_missing(recipe: OwnRecipe, missing: Sequence[str]) -> None:
    wrong = [*missing]
    wrong += [f"no file {file}" for file in (recipe.taxonomy, *recipe.sentences) if not file.is_file()]
    wrong += [f"no report or folder {given}" for given in recipe.reports if not given.exists()]
    if recipe.path.suffix != ".toml":
        wrong.append("the recipe's name must end in .toml; the model takes the name before it")
    elif recipe.folder.exists() and not (recipe.folder / "config.json").is_file():
        wrong.append(f"{recipe.folder} is in the way: the model would go there, and it is not a model folder")
    if wrong:
        raise ModelError(f"{recipe.path}: {'; '.join(wrong)}")
