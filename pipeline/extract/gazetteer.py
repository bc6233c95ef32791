"""The named agencies: reads them from the lists beside the lexicon and writes out every spelling of their names."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.extract.checks import Checks
from pipeline.extract.spellings import NAME, spellings

GROUP_KEYS = {"type", "source", "forms", "agencies"}
AGENCY_KEYS = {"name", "type", "aliases", "former", "exact", "case", "source"}
TEXTS = {"name", "type", "source"}


def matched(name: str) -> str:
    """The name as it is compared with a report's words: several words in any case, a single one as written."""
    return name.lower() if " " in name else name


@dataclass(frozen=True, slots=True)
class Agency:
    """A named organisation. `former` names, of it or of a predecessor, stand for it too; `source` is a public URL.

    With `case`, all its names match as written only.
    """

    name: str
    type: str
    aliases: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    case: bool = False
    source: str | None = None


@dataclass(slots=True)
class GazetteerReader:
    """Reads agencies one by one; no name may stand for two of them, nor be one of the phrases `taken` (as `matched` gives them)."""

    checks: Checks
    types: Collection[str]
    taken: Collection[str]
    named: dict[str, str] = field(default_factory=dict)

    def read(self, data: Mapping[str, Any], *, where: str = "") -> Iterator[Agency]:
        """The agencies of parsed TOML: those listed singly and those in groups; `where` is the file to blame."""
        for place, row in self.checks.rows(data, "agencies", AGENCY_KEYS, where):
            yield from self._agency(row, (), place)
        for place, group in self.checks.rows(data, "groups", GROUP_KEYS, where):
            forms = self.checks.strings(group.get("forms", []), f"{place}.forms")
            for form in forms:
                self.checks.right(form.count(NAME) == 1, f"{place}: {form!r}", f"words around one {NAME}")
            shared = {key: group[key] for key in ("type", "source") if key in group}
            for row_place, row in self.checks.rows(group, "agencies", AGENCY_KEYS, place):
                yield from self._agency({**shared, **row}, forms, row_place)

    def _agency(self, row: Mapping[str, Any], forms: tuple[str, ...], where: str) -> Iterator[Agency]:
        self.checks.right(row.get("type") in self.types, f"{where}: type {row.get('type')!r}", self._types())
        right = [
            self.checks.right(isinstance(row.get(key, ""), str), f"{where}.{key}", "text") for key in sorted(TEXTS)
        ]
        right.append(self.checks.right(bool(row.get("name")), f"{where}.name", "text"))
        right.append(self.checks.right(isinstance(row.get("case", False), bool), f"{where}.case", "true or false"))
        aliases, former, exact = (
            self.checks.strings(row.get(key, []), f"{where}.{key}") for key in ("aliases", "former", "exact")
        )
        if not all(right):
            return
        name, type_, source = row["name"], str(row.get("type")), row.get("source")
        other = [spelling for alias in aliases for spelling in spellings(alias, forms)]
        names = tuple(dict.fromkeys((*spellings(name, forms)[1:], *other)))
        before = tuple(dict.fromkeys(spelling for old in former for spelling in spellings(old, forms)))
        self._claim((name, *names, *before, *exact), name, where, case=row.get("case", False))
        yield Agency(name, type_, names, before, row.get("case", False), source)
        if exact:
            yield Agency(name, type_, exact, case=True, source=source)

    def _claim(self, names: tuple[str, ...], agency: str, where: str, *, case: bool) -> None:
        for name in names:
            key = name if case else matched(name)
            if self.named.setdefault(key, agency) != agency:
                self.checks.faults.append(f"{where}: {name!r} already stands for {self.named[key]!r}")
            if matched(name) in self.taken:
                self.checks.faults.append(f"{where}: {name!r} is already a role, a body or no agency")

    def _types(self) -> str:
        return f"one of {', '.join(self.types)}"
