"""Open a store by URL or path, bringing its schema up to date."""

import os
import sqlite3
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from pipeline.errors import StoreError
from pipeline.store.migrate import migrate
from pipeline.store.read_only import read_only_uri
from pipeline.store.refusals import damaged, load_json, watch
from pipeline.store.transactions import BUSY_SECONDS, WRITES, one_line, store_name

DEFAULT = "findings.db"
CONNECT_SECONDS = 10
KINDS = "a file, sqlite:///FILE, or postgresql://USER@HOST/DATABASE"


def store_url(given: str | None) -> str:
    """The URL of the store: the one given, else FAILINGS_STORE, else findings.db here. A bare path means SQLite."""
    name = given or os.environ.get("FAILINGS_STORE") or DEFAULT
    return name if "://" in name else f"sqlite:///{name}"


def shown(url: str) -> str:
    """The name of a store for people: a path, or a URL without its password."""
    return store_name(_parsed(url))


def open_engine(url: str, *, create: bool = False) -> Engine:
    """Open a store and migrate it; raise StoreError when there is none (unless `create`), or when it cannot be used."""
    parsed = _parsed(url)
    path = parsed.database
    if parsed.drivername.startswith("sqlite") and path and not create and not Path(path).is_file():
        raise StoreError(f"no store at {path}: run `failings run PATH` first, or name one with --store")
    if parsed.drivername.startswith("sqlite") and path and path != ":memory:" and create:
        _make_private(Path(path))
    engine = _engine(parsed)
    try:
        migrate(engine, create=create)
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise StoreError(f"{store_name(parsed)} cannot be used as a store: {one_line(error)}") from error
    except UnicodeDecodeError as error:  # of SQLite's own message about a damaged schema
        engine.dispose()
        raise damaged(store_name(parsed), "its schema is not UTF-8") from error
    except StoreError:
        engine.dispose()
        raise
    return engine


def _parsed(url: str) -> URL:
    """The URL in parts. What is wrong with one is said without repeating it, as it may hold a password."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise StoreError(f"the store's URL cannot be read; a store is {KINDS}") from None
    kind = parsed.drivername.partition("+")[0]
    if kind not in ("sqlite", "postgresql", "postgres"):
        raise StoreError(f"no store is of the kind {kind!r}; a store is {KINDS}")
    if "@" in (parsed.host or ""):
        raise StoreError("the store's URL has an @ too many: write one in a user's name or a password as %40")
    return parsed if kind == "sqlite" else parsed.set(drivername="postgresql+psycopg")


def _engine(url: URL) -> Engine:
    if url.drivername.startswith("sqlite"):
        engine = sa.create_engine(url, **_sqlite_options(url))
        sa.event.listen(engine, "connect", _sqlite_settings)
        watch(engine)
        sa.event.listen(engine, "begin", _sqlite_begin)
        return engine
    settings = {"connect_timeout": str(CONNECT_SECONDS), "application_name": "failings"}
    try:
        return sa.create_engine(url.update_query_dict({k: v for k, v in settings.items() if k not in url.query}))
    except ImportError as error:
        raise StoreError(f"{store_name(url)} needs psycopg: pip install 'failings[postgres]'") from error


def _make_private(path: Path) -> None:
    """Make a new store that nobody but its owner may read; SQLite gives its log the same rights."""
    with suppress(OSError):  # SQLite says what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _sqlite_options(url: sa.URL) -> dict[str, Any]:
    """How long to wait for another writer (`?timeout=SECONDS` in the URL says otherwise), and how to read a file that cannot be written."""
    name = url.database or ""
    options: dict[str, Any] = {"json_deserializer": partial(load_json, name)}
    uri = read_only_uri(Path(name)) if name else None
    if uri:
        options["creator"] = partial(sqlite3.connect, uri, uri=True, check_same_thread=False)
    return options if "timeout" in url.query else {**options, "connect_args": {"timeout": BUSY_SECONDS}}


def _sqlite_settings(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_sqlite_begin` says so, before DDL too
    cursor = connection.cursor()
    _use_wal(cursor)
    for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "cache_size=-65536"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Turn WAL on. Of two programs that make one file at once, SQLite sends one away without the wait that it was told."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _sqlite_begin(connection: Connection) -> None:
    """A writer takes its turn at once: one that had read first could not wait for another."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")
