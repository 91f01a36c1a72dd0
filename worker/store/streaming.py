"""Large answers, row by row."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Select

from worker.store.database import AnyRow, Database

_STREAMING = {"yield_per": 1000}
#: Memory with which a sum over a large database is made without going through files, for this statement alone.
_POSTGRESQL_ROOM = ("SET LOCAL work_mem = '64MB'", "SET LOCAL jit = off")
_SQLITE_ROOM = ("PRAGMA cache_size = -65536",)


def stream(
    db: Database, statement: Select[*tuple[object, ...]], *, is_heavy: bool = False
) -> Iterator[AnyRow]:
    """The rows of one read transaction, which lasts until they are exhausted or the iterator is closed.

    A heavy one sums up much, and may take tens of megabytes of the database for it.
    """
    # The result is closed before the transaction ends: on PostgreSQL it is a cursor of the server.
    with db.read() as connection:
        if is_heavy:
            _make_room(connection)
        with connection.execute(statement, execution_options=_STREAMING) as rows:
            yield from rows


def _make_room(connection: Connection) -> None:
    for setting in _SQLITE_ROOM if connection.dialect.name == "sqlite" else _POSTGRESQL_ROOM:
        connection.exec_driver_sql(setting)
