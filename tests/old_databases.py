"""Databases as earlier versions of nerq have left them."""

from __future__ import annotations

from alembic import command
from sqlalchemy import func, inspect, select

from worker.store import Database
from worker.store.database import make_database
from worker.store.migration import _alembic_config
from worker.store.schema import metadata


def copy_into_old(db: Database, url: str, revision: str) -> None:
    """Make the schema of that revision at `url`, an empty database, and copy into it what it has room for."""
    old = make_database(url)
    with db.read() as origin, old.write() as connection:
        command.upgrade(_alembic_config(connection), revision)
        known = inspect(connection)
        for table in metadata.sorted_tables:
            if not known.has_table(table.name):
                continue
            names = [column["name"] for column in known.get_columns(table.name)]
            rows = origin.execute(table.select().with_only_columns(*(table.c[name] for name in names)))
            if values := [dict(zip(names, row, strict=True)) for row in rows]:
                connection.execute(table.insert(), values)
            if known.dialect.name == "postgresql" and known.has_sequence(f"{table.name}_id_seq"):
                highest = select(
                    func.setval(f"{table.name}_id_seq", select(func.max(table.c.id)).scalar_subquery())
                )
                connection.execute(highest)
    old.close()


def everything(db: Database) -> str:
    """Every value of every table."""
    with db.read() as connection:
        return "\n".join(
            str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(table.select())
        )
