"""The words that name agencies, roles and organisations, read from `agencies.toml`."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError

LEXICON_PATH = Path(__file__).with_name("agencies.toml")
WORDS = ("modifiers", "joiners", "titles", "not_agencies", "not_names")
AGENCY_KEYS = {"name", "type", "aliases", "former", "case", "source"}
PATTERN_KEYS = {"type", "shapes", "agency"}
TOP_KEYS = {"version", "types", "roles", "bodies", "words", "patterns", "agencies"}


@dataclass(frozen=True, slots=True)
class Agency:
    """A named organisation. `former` names, of it or of a predecessor, stand for it too; `source` is a public URL."""

    name: str
    type: str
    aliases: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    case: bool = False
    source: str | None = None


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
    """Read and check a lexicon; UsageError names every fault in it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path.name}: cannot be read: {error}") from error
    return parse_lexicon(data, source=path.name)


def parse_lexicon(data: Mapping[str, Any], *, source: str) -> Lexicon:
    """Turn parsed TOML into a Lexicon; UsageError names every fault, `source` is the file to blame."""
    parser = _Parser(data)
    lexicon = Lexicon(
        types=parser.types,
        roles=parser.phrases("roles"),
        bodies=parser.phrases("bodies"),
        words=parser.words(),
        shapes=tuple(parser.shapes()),
        agencies=tuple(parser.agencies()),
    )
    if parser.faults:
        raise UsageError(f"{source}: " + "; ".join(parser.faults))
    return lexicon


@dataclass(slots=True)
class _Parser:
    data: Mapping[str, Any]
    faults: list[str] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known(self.data, TOP_KEYS, "top level")
        if self.data.get("version") != 1:
            self.faults.append(f"version is {self.data.get('version')!r}, must be 1")
        self.types = {
            k: v for k, v in self._table("types").items() if self._is(isinstance(v, str), f"types.{k}", "text")
        }

    def phrases(self, key: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for type_, phrases in self._table(key).items():
            self._type(type_, key)
            for phrase in self._strings(phrases, f"{key}.{type_}"):
                if phrase in found:
                    self.faults.append(f"{key}.{type_}: {phrase!r} is already under {found[phrase]}")
                found[phrase] = type_
        return found

    def words(self) -> dict[str, frozenset[str]]:
        table = self._table("words")
        self._known(table, set(WORDS), "words")
        return {key: frozenset(self._strings(table.get(key, []), f"words.{key}")) for key in WORDS}

    def shapes(self) -> Iterator[Shape]:
        for where, row in self._rows("patterns", PATTERN_KEYS):
            self._type(row.get("type"), where)
            agency = row.get("agency", True)
            self._is(isinstance(agency, bool), f"{where}.agency", "true or false")
            for shape in self._strings(row.get("shapes", []), f"{where}.shapes"):
                before, name, after = shape.partition("{name}")
                if self._is(
                    bool(name) and bool(before) != bool(after),
                    f"{where}: {shape!r}",
                    "words before or after one {name}",
                ):
                    yield Shape(before.strip(), after.strip(), str(row.get("type")), agency is True)

    def agencies(self) -> Iterator[Agency]:
        named: dict[str, str] = {}
        for where, row in self._rows("agencies", AGENCY_KEYS):
            name, source = row.get("name"), row.get("source")
            self._type(row.get("type"), where)
            checks = (
                self._is(isinstance(name, str) and bool(name), f"{where}.name", "text"),
                self._is(source is None or isinstance(source, str), f"{where}.source", "text"),
                self._is(isinstance(row.get("case", False), bool), f"{where}.case", "true or false"),
            )
            aliases = self._strings(row.get("aliases", []), f"{where}.aliases")
            former = self._strings(row.get("former", []), f"{where}.former")
            for word in (name, *aliases, *former):
                if named.setdefault(str(word), str(name)) != name:
                    self.faults.append(f"{where}: {word!r} already stands for {named[str(word)]!r}")
            if all(checks):
                yield Agency(str(name), str(row.get("type")), aliases, former, row.get("case", False), source)

    def _rows(self, key: str, known: set[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        rows = self.data.get(key, [])
        if not self._is(isinstance(rows, list), key, "a list of tables"):
            return
        for number, row in enumerate(rows, 1):
            where = f"{key} {number}"
            if self._is(isinstance(row, dict), where, "a table"):
                self._known(row, known, where)
                yield where, row

    def _table(self, key: str) -> Mapping[str, Any]:
        table = self.data.get(key, {})
        return table if self._is(isinstance(table, dict), key, "a table") else {}

    def _strings(self, value: object, where: str) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
            return tuple(value)
        self.faults.append(f"{where} must be a list of texts")
        return ()

    def _type(self, type_: object, where: str) -> None:
        self._is(type_ in self.types, f"{where}: type {type_!r}", f"one of {', '.join(self.types)}")

    def _known(self, table: Mapping[str, Any], known: set[str], where: str) -> None:
        self.faults += [
            f"{where}: unknown key {key!r}; known: {', '.join(sorted(known))}" for key in table if key not in known
        ]

    def _is(self, right: bool, where: str, wanted: str) -> bool:
        if not right:
            self.faults.append(f"{where} must be {wanted}")
        return right
