"""Reads parsed TOML piece by piece and gathers every fault in it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Checks:
    """The faults found so far; a piece that is wrong is told and read as empty."""

    faults: list[str] = field(default_factory=list)

    def right(self, right: bool, where: str, wanted: str) -> bool:
        """Whether `right`; if not, `where` must be `wanted`."""
        if not right:
            self.faults.append(f"{where} must be {wanted}")
        return right

    def known(self, table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
        """No key of the table is strange."""
        self.faults += [
            f"{where}: unknown key {key!r}; known: {', '.join(sorted(known))}" for key in table if key not in known
        ]

    def table(self, data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """The table under a key."""
        table = data.get(key, {})
        return table if self.right(isinstance(table, dict), key, "a table") else {}

    def rows(
        self, data: Mapping[str, Any], key: str, known: Iterable[str], where: str = ""
    ) -> Iterator[tuple[str, Any]]:
        """The tables listed under a key, each with the place to blame."""
        rows = data.get(key, [])
        place = f"{where} {key}".strip()
        if not self.right(isinstance(rows, list), place, "a list of tables"):
            return
        for number, row in enumerate(rows, 1):
            if self.right(isinstance(row, dict), f"{place} {number}", "a table"):
                self.known(row, known, f"{place} {number}")
                yield f"{place} {number}", row

    def strings(self, value: object, where: str) -> tuple[str, ...]:
        """A list of texts, none of them blank."""
        if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
            return tuple(value)
        self.faults.append(f"{where} must be a list of texts")
        return ()
