"""What SQLite refuses to do, said in one line with the way out; other errors of a database are bugs and stay as they are."""

import json
import sqlite3
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import ExceptionContext

from pipeline.errors import StoreError

DAMAGED = (
    "is damaged ({said}): take it from a backup, or run again into a new store; "
    "`failings verify` lists what is wrong, `sqlite3 STORE .recover` saves what can be read"
)
WAYS_OUT = {
    sqlite3.SQLITE_BUSY: "is being written to by another program ({said}): let that end, then run the same command again",
    sqlite3.SQLITE_FULL: "has no room left on its disk ({said}): make room, then run the same command again; it goes on from here",
    sqlite3.SQLITE_IOERR: "cannot be read or written ({said}): see to its disk, then run the same command again",
    sqlite3.SQLITE_READONLY: "cannot be written to ({said}): make the file and its folder writable, or name another with --store",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened ({said}): is its folder there, and may you read and write it?",
    sqlite3.SQLITE_PERM: "cannot be opened ({said}): may you read and write it?",
    sqlite3.SQLITE_NOTADB: "cannot be used as a store ({said}): name another with --store, or take it from a backup if it was one",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
}
UNDECODABLE = "Could not decode"


def refusal(name: str, error: BaseException) -> StoreError | None:
    """The error to raise in place of one of SQLite's about the store `name`; None when it is not about the state of a store."""
    if isinstance(error, sqlite3.OperationalError) and str(error).startswith(UNDECODABLE):
        return damaged(name, "a text in it is not UTF-8")
    way_out = WAYS_OUT.get(sqlite_code(error))
    return StoreError(f"{name} {way_out.format(said=' '.join(str(error).split()))}") if way_out else None


def damaged(name: str, said: str) -> StoreError:
    """The error to raise where what the store `name` holds cannot be what was written."""
    return StoreError(f"{name} {DAMAGED.format(said=said)}")


def sqlite_code(error: BaseException | None) -> int:
    """SQLite's primary result code of an error; 0 where it has none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def refuse(context: ExceptionContext) -> None:
    """Raise StoreError in place of an error of SQLite, whatever was being done (for the `handle_error` event of an engine)."""
    name = str(context.engine.url.database) if context.engine else "the store"
    error = refusal(name, context.original_exception)
    if error:
        raise error from context.original_exception


def load_json(name: str, text: str) -> Any:
    """The value of a JSON column of the store `name`."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise damaged(name, f"JSON in it cannot be read: {error}") from error


def watch(engine: sa.Engine) -> None:
    """Have an engine raise StoreError where SQLite refuses."""
    sa.event.listen(engine, "handle_error", refuse)
