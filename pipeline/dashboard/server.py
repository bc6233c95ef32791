"""Datasette on a store, read-only: a run may write to it meanwhile."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from datasette.app import Datasette
from datasette.database import Database
from datasette.plugins import pm
from sqlalchemy.engine import Engine

from pipeline.dashboard.pages import Pages
from pipeline.dashboard.settings import DATABASE, SETTINGS, load_metadata
from pipeline.store.read_only import read_only_uri


class ReadOnlyStore(Database):
    """A store that Datasette can only read; unlike Datasette's own connections, in a file of any name."""

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """A connection that cannot write."""
        if write:
            raise PermissionError("the dashboard does not write to the store")
        connection = sqlite3.connect(_read_only(Path(self.path)), uri=True, check_same_thread=False)
        self._all_file_connections.append(connection)
        return connection


@contextmanager
def dashboard(store: Path) -> Iterator[Any]:
    """Datasette with our pages, on a store of today's schema; one at a time in a process, as plugins are Datasette's own."""
    engine = _engine(store)
    pages = Pages(engine)
    pm.register(pages)
    try:
        served = Datasette([], metadata=load_metadata(), settings=SETTINGS)
        served.remove_database("_memory")
        database = served.add_database(ReadOnlyStore(served, path=str(store)), name=DATABASE)
        try:
            yield served
        finally:
            database.close()
    finally:
        pm.unregister(pages)
        engine.dispose()


def _engine(store: Path) -> Engine:
    def connect() -> sqlite3.Connection:
        return sqlite3.connect(_read_only(store), uri=True, check_same_thread=False)

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.pool.QueuePool)


def _read_only(store: Path) -> str:
    return read_only_uri(store) or f"file:{quote(str(store))}?mode=ro"
