"""Open a store by URL or path, bringing its schema up to date."""

import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from pipeline.errors import StoreError

DEFAULT = "findings.db"
BUSY_SECONDS = 60


def store_url(given: str | None) -> str:
    """The URL of the store: the one given, else FAILINGS_STORE, else findings.db here. A bare path means SQLite."""
    name = given or os.environ.get("FAILINGS_STORE") or DEFAULT
    return name if "://" in name else f"sqlite:///{name}"


def open_engine(url: str, *, create: bool = False) -> Engine:
    """Open a store and migrate it; raise StoreError when there is none (unless `create`), or when it cannot be used."""
    path = sa.make_url(url).database
    if url.startswith("sqlite") and path and not create and not Path(path).is_file():
        raise StoreError(f"no store at {path}: run `failings run PATH` first, or name one with --store")
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS} if url.startswith("sqlite") else {})
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite_settings)
    try:
        _migrate(engine)
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise StoreError(f"{path or url} cannot be used as a store: {error.orig}") from error
    return engine


def _sqlite_settings(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "pipeline.store:migrations")
    newest = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == newest:
            return
        if current is not None and newest is not None and current > newest:
            raise StoreError(
                f"{engine.url} is of schema {current}, newer than this failings knows ({newest}): upgrade failings"
            )
        if current is None and sa.inspect(connection).get_table_names():
            raise StoreError(f"{engine.url} is a database of something else: name another file with --store")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
