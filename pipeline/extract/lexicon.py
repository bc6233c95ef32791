"""The words that name agencies, roles and organisations, read from `agencies.toml` and the lists in `agencies/`."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.extract.checks import Checks
from pipeline.extract.gazetteer import Agency, GazetteerReader, matched

LEXICON_PATH = Path(__file__).with_name("agencies.toml")
WORDS = ("modifiers", "joiners", "titles", "not_agencies", "not_names")
PATTERN_KEYS = {"type", "shapes", "agency"}
LIST_KEYS = {"groups", "agencies"}
TOP_KEYS = {"version", "types", "roles", "bodies", "words", "patterns", *LIST_KEYS}


@dataclass(frozen=True, slots=True)
class Shape:
    """A pattern of names: `before` or `after` is the fixed part around `{name}`, the other one is empty.

    What it names is an agency, or, when `agency` is false, a part of one.
    """

    before: str
    after: str
    type: str
    agency: bool = True


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All of `agencies.toml`; `roles` and `bodies` map a phrase to its type, `types` an id to its label."""

    types: Mapping[str, str]
    roles: Mapping[str, str]
    bodies: Mapping[str, str]
    words: Mapping[str, frozenset[str]]
    shapes: tuple[Shape, ...]
    agencies: tuple[Agency, ...]


def load_lexicon(path: Path = LEXICON_PATH) -> Lexicon:
    """Read and check a lexicon and the lists in the folder beside it of the same name; UsageError names every fault."""
    lists = {file.name: _load(file) for file in sorted(path.with_suffix("").glob("*.toml"))}
    return parse_lexicon(_load(path), source=path.name, lists=lists)


def parse_lexicon(
    data: Mapping[str, Any], *, source: str, lists: Mapping[str, Mapping[str, Any]] | None = None
) -> Lexicon:
    """Turn parsed TOML into a Lexicon; UsageError names every fault, `source` and the names of `lists` are to blame."""
    parser = _Parser(data, lists or {})
    roles, bodies, words = parser.phrases("roles"), parser.phrases("bodies"), parser.words()
    agencies = parser.agencies(taken={matched(phrase) for phrase in (*roles, *bodies, *words["not_agencies"])})
    lexicon = Lexicon(parser.types, roles, bodies, words, tuple(parser.shapes()), tuple(agencies))
    if parser.checks.faults:
        raise UsageError(f"{source}: " + "; ".join(parser.checks.faults))
    return lexicon


def _load(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path.name}: cannot be read: {error}") from error


@dataclass(slots=True)
class _Parser:
    data: Mapping[str, Any]
    lists: Mapping[str, Mapping[str, Any]]
    checks: Checks = field(default_factory=Checks)
    types: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.checks.known(self.data, TOP_KEYS, "top level")
        if self.data.get("version") != 1:
            self.checks.faults.append(f"version is {self.data.get('version')!r}, must be 1")
        types = self.checks.table(self.data, "types")
        self.types = {k: v for k, v in types.items() if self.checks.right(isinstance(v, str), f"types.{k}", "text")}

    def phrases(self, key: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for type_, phrases in self.checks.table(self.data, key).items():
            self._type(type_, key)
            for phrase in self.checks.strings(phrases, f"{key}.{type_}"):
                if phrase in found:
                    self.checks.faults.append(f"{key}.{type_}: {phrase!r} is already under {found[phrase]}")
                found[phrase] = type_
        return found

    def words(self) -> dict[str, frozenset[str]]:
        table = self.checks.table(self.data, "words")
        self.checks.known(table, WORDS, "words")
        return {key: frozenset(self.checks.strings(table.get(key, []), f"words.{key}")) for key in WORDS}

    def shapes(self) -> Iterator[Shape]:
        for where, row in self.checks.rows(self.data, "patterns", PATTERN_KEYS):
            self._type(row.get("type"), where)
            agency = row.get("agency", True)
            self.checks.right(isinstance(agency, bool), f"{where}.agency", "true or false")
            for shape in self.checks.strings(row.get("shapes", []), f"{where}.shapes"):
                before, name, after = shape.partition("{name}")
                wanted = "words before or after one {name}"
                if self.checks.right(bool(name) and bool(before) != bool(after), f"{where}: {shape!r}", wanted):
                    yield Shape(before.strip(), after.strip(), str(row.get("type")), agency is True)

    def agencies(self, *, taken: set[str]) -> Iterator[Agency]:
        reader = GazetteerReader(self.checks, self.types, taken)
        yield from reader.read(self.data)
        for name, data in self.lists.items():
            self.checks.known(data, LIST_KEYS, name)
            yield from reader.read(data, where=name)

    def _type(self, type_: object, where: str) -> None:
        self.checks.right(type_ in self.types, f"{where}: type {type_!r}", f"one of {', '.join(self.types)}")
