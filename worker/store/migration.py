"""The version of a database's schema: read it, check it, bring it up to date."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, func, inspect, select, table, text

from worker.errors import SettingsError, TransientError
from worker.store.database import Database, make_database, parse_url
from worker.store.rows import MigrationState

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
#: An upgrade of a PostgreSQL database waits by this lock for other upgrades and for those who write, and keeps
#: them out; the number only has to be ours.
_UPGRADE_LOCK = 0x6E657271
_SHARE_UPGRADE_LOCK = select(func.pg_try_advisory_xact_lock_shared(_UPGRADE_LOCK))


def open_database(url: str) -> Database:
    """The database, ready for use. A new or empty SQLite file gets its tables at once.

    Raises:
        SettingsError: its schema is older (or missing, on PostgreSQL) or newer than this nerq's.
        ServiceError: the database is out of reach.
    """
    db = make_database(url)
    try:
        _require_current_schema(db, url)
    except BaseException:
        db.close()
        raise
    db.before_write = _require_same_schema
    return db


def upgrade_database(url: str) -> None:
    """Bring the schema up to date, in one transaction; a current database is left as it is.

    Raises:
        SettingsError: the schema is newer than this nerq's.
        ServiceError: the database is out of reach.
    """
    from alembic import command  # Slow to import, and needed only here.

    db = make_database(url, migrates=True)
    try:
        with db.write() as connection:
            if not db.is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            _refuse_newer(_state(connection))
            command.upgrade(_alembic_config(connection), "head")
            if db.is_sqlite and connection.execute(text("PRAGMA foreign_key_check")).first():
                raise SettingsError(
                    "The migration would break references between tables; nothing was changed."
                )
    finally:
        db.close()


def migration_state(url: str) -> MigrationState:
    """The schema version of the database and the one this nerq needs; makes no file. Raises ServiceError."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists():
        return MigrationState(None, _versions()[-1])
    db = make_database(url)
    try:
        with db.read() as connection:
            return _state(connection)
    finally:
        db.close()


def _require_current_schema(db: Database, url: str) -> None:
    with db.read() as connection:
        state = _state(connection)
        is_empty = not inspect(connection).get_table_names()
    if db.is_sqlite and is_empty:
        upgrade_database(url)
    else:
        _refuse_other(state)


def _require_same_schema(connection: Connection) -> None:
    """Let nothing be written into a schema that was changed since it was opened, or is being changed."""
    # SQLite has one writer at a time anyway. The lock has a statement of its own: what the next one reads is not older.
    if connection.dialect.name != "sqlite" and not connection.execute(_SHARE_UPGRADE_LOCK).scalar():
        raise TransientError("The database is being upgraded at this moment; try again.")
    current = connection.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar()
    _refuse_other(MigrationState(current, _versions()[-1]))


def _refuse_other(state: MigrationState) -> None:
    _refuse_newer(state)
    if not state.is_current:
        what = "has no nerq tables yet" if state.current is None else f"is at version {state.current}"
        raise SettingsError(f"The database {what}; this nerq needs {state.head}. Run `nerq db upgrade`.")


def _refuse_newer(state: MigrationState) -> None:
    if state.is_newer:
        raise SettingsError(
            f"The database is at version {state.current}, which this nerq (version {state.head}) does not"
            " know: it was made by a newer one. Upgrade nerq."
        )


def _state(connection: Connection) -> MigrationState:
    current = None
    if inspect(connection).has_table("alembic_version"):
        current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return MigrationState(current, _versions()[-1])


@functools.cache
def _versions() -> list[str]:
    """All schema versions, oldest first; read off the files' names, since importing Alembic is slow.

    Read once: where nerq is updated beneath a running process, that process is still the old one.
    """
    return sorted(path.name[1:5] for path in (_MIGRATIONS / "versions").glob("v[0-9][0-9][0-9][0-9]_*.py"))


def _alembic_config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
