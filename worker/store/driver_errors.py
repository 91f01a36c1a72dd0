"""Errors of the database drivers, translated; no message holds a bound value or a password."""

from __future__ import annotations

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from worker.errors import NerqError, ServiceError, TransientError

#: PostgreSQL's SQLSTATEs that pass by themselves: serialization failure, deadlock, lock not available,
#: statement cancelled, and a server that shuts down, crashed or starts up.
_PASSING_STATES = {"40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03"}
#: SQLSTATE classes of a server that lacks something: connections, resources, permissions of the system.
_SERVICE_CLASSES = {"08", "53", "58"}


def cannot_connect(error: SQLAlchemyError, url: URL) -> NerqError:
    """The error to raise when no connection could be had."""
    if isinstance(error, PoolTimeoutError):
        return TransientError("All database connections of this process are in use.")
    # The query goes: libpq takes a password there too.
    where = url.set(query={}).render_as_string(hide_password=True)
    hint = " (SQLite writes beside it, even to read: is the folder writable?)" if _is_sealed(error) else ""
    return ServiceError(f"Cannot open the database {where}: {_first_line(error)}{hint}")


def translate(error: DBAPIError) -> NerqError:
    """The error to raise when a statement or a commit failed."""
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated:
        return TransientError("The connection to the database was lost.")
    if state in _PASSING_STATES or _is_locked(error):
        return TransientError(f"The database is busy: {_first_line(error)}")
    if state is not None and state[:2] in _SERVICE_CLASSES:
        return ServiceError(f"The database cannot go on: {_first_line(error)}")
    if _is_sqlite_service_error(error):
        return ServiceError(f"The database cannot go on: {_first_line(error)}")
    # A refused statement: the driver's own message may quote the row, so only its kind is told.
    return NerqError(f"The database refused a statement ({type(error.orig).__name__}, {state or 'sqlite'}).")


def _is_sealed(error: SQLAlchemyError) -> bool:
    return _sqlite_name(error).startswith("SQLITE_CANTOPEN")


def _is_locked(error: DBAPIError) -> bool:
    return _sqlite_name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _is_sqlite_service_error(error: DBAPIError) -> bool:
    broken = (
        "SQLITE_CANTOPEN",
        "SQLITE_CORRUPT",
        "SQLITE_FULL",
        "SQLITE_IOERR",
        "SQLITE_NOTADB",
        "SQLITE_READONLY",
    )
    return _sqlite_name(error).startswith(broken)


def _sqlite_name(error: SQLAlchemyError) -> str:
    return str(getattr(getattr(error, "orig", None), "sqlite_errorname", ""))


def _first_line(error: SQLAlchemyError) -> str:
    orig = getattr(error, "orig", None) or error
    return (str(orig).strip().splitlines() or [type(orig).__name__])[0]
