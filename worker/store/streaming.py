"""Large answers, row by row."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select

from worker.store.database import AnyRow, Database

_STREAMING = {"yield_per": 1000}


def stream(db: Database, statement: Select[*tuple[object, ...]]) -> Iterator[AnyRow]:
    """The rows of one read transaction, which lasts until they are exhausted or the iterator is closed."""
    # The result is closed before the transaction ends: on PostgreSQL it is a cursor of the server.
    with db.read() as connection, connection.execute(statement, execution_options=_STREAMING) as rows:
        yield from rows
