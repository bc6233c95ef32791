"""Bring a store's schema up to date, once, however many programs open it at the same time."""

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from pipeline.errors import StoreError
from pipeline.store.transactions import in_turn, store_name


def migrate(engine: Engine, *, create: bool) -> None:
    """Make or renew the tables where they are not of today's schema; raise StoreError where that cannot be."""
    config = Config()
    config.set_main_option("script_location", "pipeline.store:migrations")
    newest = ScriptDirectory.from_config(config).get_current_head() or ""
    with engine.connect() as connection:
        if _is_renewed(connection, newest, create=create):
            return

    def upgrade(connection: Connection) -> None:
        if not _is_renewed(connection, newest, create=create):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    in_turn(engine, upgrade)


def _is_renewed(connection: Connection, newest: str, *, create: bool) -> bool:
    """Whether the tables are those of today; raise StoreError for those that are not ours to change."""
    current = MigrationContext.configure(connection).get_current_revision()
    name = store_name(connection.engine.url)
    if current is None and sa.inspect(connection).get_table_names():
        raise StoreError(f"{name} is a database of something else: name another with --store")
    if connection.dialect.name == "postgresql":
        _check_server(connection, name, holds_store=current is not None or create)
    if current is not None and current > newest:
        raise StoreError(f"{name} is of schema {current}, newer than this failings knows ({newest}): upgrade failings")
    return current == newest


def _check_server(connection: Connection, name: str, *, holds_store: bool) -> None:
    encoding = connection.execute(sa.text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise StoreError(
            f"{name} is a database in {encoding}, which cannot hold every text: make one with ENCODING 'UTF8'"
        )
    if not holds_store:
        raise StoreError(f"no store in {name}: run `failings run PATH` first, or name another with --store")
