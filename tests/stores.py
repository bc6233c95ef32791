"""Empty stores for tests: files of SQLite, or databases of a PostgreSQL server of our own."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from pipeline.store.schema import metadata

if TYPE_CHECKING:
    from postgres_server import Server

Rows = dict[str, list[tuple[str, ...]]]


class Stores:
    """Lends stores of one kind."""

    def __init__(self, folder: Path, server: "Server | None") -> None:
        self._folder = folder
        self._server = server
        self._numbers = count()

    @contextmanager
    def one(self) -> Iterator[str]:
        """The URL of an empty store, for the time being."""
        if self._server:
            with self._server.store() as url:
                yield url
        else:
            yield f"sqlite:///{self._folder / f'store{next(self._numbers)}.db'}"


def rows(engine: Engine) -> Rows:
    """Everything in a store that does not tell when or how often it was run."""
    with engine.connect() as connection:
        return {
            name: sorted(tuple(map(str, row)) for row in connection.execute(sa.select(table)))
            for name, table in metadata.tables.items()
            if name not in ("runs", "failures")
        }
