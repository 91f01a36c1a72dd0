"""The version of a database's schema: read it, check it, bring it up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, inspect, select, text

from worker.errors import SettingsError
from worker.store.database import Database, make_database, parse_url
from worker.store.rows import MigrationState

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
#: Two upgrades of one PostgreSQL database wait for each other by this lock; the number only has to be ours.
_UPGRADE_LOCK = 0x6E657271


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
    return db


def upgrade_database(url: str) -> None:
    """Bring the schema up to date, in one transaction; a current database is left as it is.

    Raises:
        SettingsError: the schema is newer than this nerq's.
        ServiceError: the database is out of reach.
    """
    from alembic import command  # Slow to import, and needed only here.

    db = make_database(url, foreign_keys=False)
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
    if state.is_current:
        return
    _refuse_newer(state)
    if not (db.is_sqlite and is_empty):
        what = "has no nerq tables yet" if state.current is None else f"is at version {state.current}"
        raise SettingsError(f"The database {what}; this nerq needs {state.head}. Run `nerq db upgrade`.")
    upgrade_database(url)


def _refuse_newer(state: MigrationState) -> None:
    if state.current is not None and state.current not in _versions():
        raise SettingsError(
            f"The database is at version {state.current}, which this nerq (version {state.head}) does not"
            " know: it was made by a newer one. Upgrade nerq."
        )


def _state(connection: Connection) -> MigrationState:
    current = None
    if inspect(connection).has_table("alembic_version"):
        current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return MigrationState(current, _versions()[-1])


def _versions() -> list[str]:
    """All schema versions, oldest first; read off the files' names, since importing Alembic is slow."""
    return sorted(path.name[1:5] for path in (_MIGRATIONS / "versions").glob("v[0-9][0-9][0-9][0-9]_*.py"))


def _alembic_config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
