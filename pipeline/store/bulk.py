"""Put many rows into a table at once: COPY in PostgreSQL, one prepared statement in SQLite."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_JSON = json.JSONEncoder(separators=(", ", ": ")).encode


def insert_rows(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that name the same columns each."""
    if not rows:
        return
    columns = [table.c[name] for name in rows[0]]
    names = ", ".join(f'"{column.name}"' for column in columns)
    values = _values(columns, rows)
    if connection.dialect.name == "postgresql":
        _copy(connection, f'COPY "{table.name}" ({names}) FROM STDIN', values)
    else:
        places = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', list(values))  # noqa: S608


def _values(columns: Sequence[sa.Column[Any]], rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """The rows as the driver takes them, JSON as its text."""
    names = [column.name for column in columns]
    in_json = [at for at, column in enumerate(columns) if isinstance(column.type, sa.JSON)]
    for row in rows:
        values = [row[name] for name in names]
        for at in in_json:
            values[at] = _JSON(values[at])
        yield tuple(values)


def _copy(connection: Connection, statement: str, values: Iterator[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in values:
            copy.write_row(row)
