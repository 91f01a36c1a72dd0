"""Many rows at the speed of the driver: executemany on SQLite, binary COPY on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Connection, Double, Integer, Table, Text
from sqlalchemy.exc import DBAPIError

#: What binary COPY must be told; the first that fits.
_COPY_TYPES: tuple[tuple[type, str], ...] = (
    (BigInteger, "int8"),
    (Integer, "int4"),
    (Double, "float8"),
    (Text, "text"),
    (JSON, "text"),  # of which it takes the text
)


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert rows of these columns; several times as fast as through SQLAlchemy, which looks at every value.

    A value of a JSON column is its text.

    On PostgreSQL the rows are made while the server takes those before them.
    """
    wanted = [table.c[name] for name in columns]
    names = ", ".join(f'"{column.name}"' for column in wanted)
    if connection.dialect.name == "postgresql":
        statement = f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT BINARY)'
        _copy(connection, statement, [_copy_type(column) for column in wanted], rows)
    elif values := list(rows):
        marks = ", ".join("?" * len(wanted))
        statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608 - names of our schema
        connection.exec_driver_sql(statement, values)


def _copy(
    connection: Connection, statement: str, types: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    import psycopg  # Not needed without a PostgreSQL server.

    driver: Any = connection.connection.dbapi_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # SQLAlchemy did not see it happen: tell it what it would have found out.
        is_lost = bool(driver.closed)
        if is_lost:
            connection.invalidate(error)
        raise DBAPIError(statement, None, error, True, is_lost) from error


def _copy_type(column: Column[Any]) -> str:
    return next(name for kind, name in _COPY_TYPES if isinstance(column.type, kind))
