"""The categories of failure, read from a TOML file: the shipped `taxonomy.toml` or a user's own."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from pipeline.errors import TaxonomyError
from pipeline.report import sha256

ID = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Category:
    """One category; `core` categories come first wherever there is an order."""

    id: str
    name: str
    core: bool
    definition: str
    examples: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taxonomy:
    """All categories, in the order of the file."""

    categories: tuple[Category, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The categories' ids, in order."""
        return tuple(c.id for c in self.categories)

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits that change with any category's wording."""
        return sha256(json.dumps([asdict(c) for c in self.categories]).encode())[:12]

    def untrained(self, trained: Sequence[str]) -> tuple[str, ...]:
        """Ids that a model with the categories `trained` cannot find."""
        return tuple(c for c in self.ids if c not in trained)


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read a taxonomy file, the shipped one by default; raise TaxonomyError that lists everything wrong with it."""
    name = str(path or "taxonomy.toml")
    try:
        content = (
            path.read_text(encoding="utf-8") if path else files("pipeline").joinpath("taxonomy.toml").read_text("utf-8")
        )
        table = tomllib.loads(content)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise TaxonomyError(f"{name}: {error}") from error
    wrong = [] if table else ["no categories"]
    for key, row in table.items():
        wrong += _faults(key, row)
    wrong += _doubled(table)
    if wrong:
        raise TaxonomyError(f"{name}: {'; '.join(wrong)}")
    return Taxonomy(tuple(_category(key, row) for key, row in table.items()))


def _faults(key: str, row: Any) -> list[str]:
    if not isinstance(row, Mapping):
        return [f"[{key}] is not a table"]
    kinds = {"name": str, "core": bool, "definition": str, "examples": list, "near_misses": list}
    faults = [] if ID.fullmatch(key) else [f"[{key}]: an id is lower-case letters, digits and _"]
    faults += [f"[{key}]: unknown key {k!r}; known: {', '.join(kinds)}" for k in row if k not in kinds]
    faults += [f"[{key}]: {k} is missing" for k in ("name", "definition") if not row.get(k)]
    for k, kind in kinds.items():
        if k in row and not isinstance(row[k], kind):
            faults.append(f"[{key}]: {k} is not a {kind.__name__}")
        elif kind is list and not all(isinstance(text, str) for text in row.get(k, [])):
            faults.append(f"[{key}]: {k} holds something that is not a text")
    return faults


def _doubled(table: Mapping[str, Any]) -> list[str]:
    """Annotators see the names alone."""
    named: dict[str, list[str]] = {}
    for key, row in table.items():
        if isinstance(row, Mapping) and isinstance(row.get("name"), str):
            named.setdefault(row["name"], []).append(key)
    return [f"{', '.join(keys)} have one name, {name!r}" for name, keys in named.items() if len(keys) > 1]


def _category(key: str, row: Mapping[str, Any]) -> Category:
    values = {f.name: row[f.name] for f in fields(Category) if f.name in row}
    values |= {k: tuple(values[k]) for k in ("examples", "near_misses") if k in values}
    return Category(id=key, **{"core": False, **values})
