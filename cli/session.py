"""What a command needs before it starts: settings, logging and the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from worker.errors import NotFoundError

if TYPE_CHECKING:
    from worker.settings import Settings
    from worker.store import Database


def read_settings() -> Settings:
    """The settings, with logging set up; a command logs warnings only, unless a log level was asked for.

    Raises:
        SettingsError: a setting is wrong.
    """
    from worker.log import set_up_logging
    from worker.settings import load_settings

    settings = load_settings()
    if "log_level" not in settings.model_fields_set:
        settings = settings.model_copy(update={"log_level": "WARNING"})
    set_up_logging(settings)
    return settings


@contextmanager
def opened_database(settings: Settings, make: bool = False) -> Iterator[Database]:
    """The database while it is open; only with `make` does a SQLite file come into being.

    Raises:
        NotFoundError: the SQLite file does not exist.
        ServiceError: the database is out of reach.
        SettingsError: its schema is not this nerq's.
    """
    from worker.store import open_database

    path = sqlite_path(settings)
    if path and not make and not path.exists():
        raise NotFoundError(
            f"There is no database {path}: `nerq submit` makes it, or NERQ_DATABASE names another one."
        )
    database = open_database(settings.database_url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def stored() -> Iterator[Database]:
    """The database of a command that reads or changes what is there.

    Raises: as `read_settings` and `opened_database`.
    """
    with opened_database(read_settings()) as database:
        yield database


def sqlite_path(settings: Settings) -> Path | None:
    """The file of a SQLite database; None for another kind of database.

    Raises:
        SettingsError: the URL is not one of a database that nerq can use.
    """
    from worker.store.database import parse_url

    url = parse_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return Path(str(url.database))
