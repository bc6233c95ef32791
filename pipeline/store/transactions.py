"""Transactions of a store: writers take turns, what passes is tried again, and a reader sees one moment however long it reads."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from pipeline.errors import StoreError

BUSY_SECONDS = 60
PATIENCE_SECONDS = 60.0
TRIES = 5
LONGEST_PAUSE = 2.0
WRITES = "failings_writes"
CONFLICTS = ("40001", "40P01", "23505")  # serialization failure, deadlock, unique violation: somebody else was first
GONE = ("57P01", "57P02", "57P03", "53300", "08")  # shut down, crashed, starting up, too many clients, no connection
BUSY = "55P03"  # lock not available
TURN = sa.text(
    f"SELECT set_config('lock_timeout', '{BUSY_SECONDS}s', true), pg_advisory_xact_lock(1717659244, hashtext(current_schema()))"
)

Result = TypeVar("Result")


def in_turn(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    """Do `work` in a transaction while nobody else writes; all of it anew when it meets another's change or the server restarts.

    Raise StoreError when that does not help within TRIES or PATIENCE_SECONDS, or for anything else that the database says.
    """

    def turn() -> Result:
        with engine.execution_options(**{WRITES: True}).begin() as connection:
            _take_turn(connection)
            return work(connection)

    return _patiently(engine, turn)


def look(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    """Read with `work`, anew when the server restarts, as `in_turn`."""

    def glance() -> Result:
        with engine.connect() as connection:
            return work(connection)

    return _patiently(engine, glance)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to read from: what others write meanwhile is not seen."""
    still = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with engine.connect() as connection:
            yield connection.execution_options(**still) if engine.dialect.name == "postgresql" else connection
    except sa.exc.DatabaseError as error:
        raise _refusal(engine, error) from error


def store_name(url: URL) -> str:
    """A path, or the URL without its options and with stars for its password."""
    if url.drivername.startswith("sqlite"):
        return url.database or "a store in memory"
    return url.set(drivername="postgresql", query={}).render_as_string()


def one_line(error: BaseException) -> str:
    """What the database said, without its details, which may hold words of a report."""
    said = str(getattr(error, "orig", None) or error).strip()
    return said.partition("\n")[0]


def _patiently(engine: Engine, once: Callable[[], Result]) -> Result:
    tries, until = 0, time.monotonic() + PATIENCE_SECONDS
    while True:
        tries += 1
        try:
            return once()
        except _errors_of(engine) as error:
            back_soon = _is_gone(error) and time.monotonic() < until
            if not back_soon and not (_state(error) in CONFLICTS and tries < TRIES):
                raise _refusal(engine, error) from error
        time.sleep(min(0.1 * 2 ** min(tries - 1, 10), LONGEST_PAUSE))


def _take_turn(connection: Connection) -> None:
    """Wait until no other writer is in a transaction; in SQLite, beginning it did that."""
    if connection.dialect.name == "postgresql":
        connection.execute(TURN)


def _errors_of(engine: Engine) -> tuple[type[Exception], ...]:
    """Errors of the database: SQLAlchemy's, and the driver's own, which COPY raises."""
    driver: Any = engine.dialect.dbapi
    return (sa.exc.DBAPIError, driver.Error)


def _state(error: Exception) -> str:
    return getattr(getattr(error, "orig", error), "sqlstate", None) or ""


def _is_gone(error: Exception) -> bool:
    """Whether there is no server, or no more: it may be back in a moment."""
    if isinstance(getattr(error, "orig", error), sqlite3.Error):
        return False
    return _state(error).startswith(GONE) or (type(error).__name__ == "OperationalError" and not _state(error))


def _refusal(engine: Engine, error: Exception) -> StoreError:
    name, said = store_name(engine.url), one_line(error)
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY or _state(error) == BUSY:
        return StoreError(
            f"another program has been writing to {name} for {BUSY_SECONDS} seconds: let it end or stop it, then run again"
        )
    if _is_gone(error):
        return StoreError(f"{name} went away ({said}): once it is back, the same command goes on from here")
    return StoreError(f"{name}: {said}")
