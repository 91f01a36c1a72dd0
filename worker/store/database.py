"""Opening a database, and the two kinds of transaction on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import URL, Connection, Engine, Row, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from worker.errors import ServiceError, SettingsError
from worker.store.driver_errors import cannot_connect, translate

#: A result row of whatever columns.
AnyRow: TypeAlias = Row[*tuple[Any, ...]]

#: How long a statement on SQLite waits for another writer, in seconds.
SQLITE_BUSY_S = 30.0


class Database:
    """One engine and its two kinds of transaction. Open one in each process; threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        #: Called at the start of every transaction that may write; what it raises undoes the transaction.
        self.before_write: Callable[[Connection], None] = lambda _connection: None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; committed at the end of the block, undone if the block raises.

        Raises:
            ServiceError: no connection can be had.
            TransientError: the connection was lost, or the database is locked for too long or being upgraded.
            SettingsError: the database was upgraded since it was opened.
        """
        with self._transaction({"nerq_writes": True}) as connection:
            self.before_write(connection)
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database throughout and writes nothing.

        Raises:
            ServiceError: no connection can be had.
            TransientError: the connection was lost.
        """
        snapshot = (
            {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        with self._transaction(snapshot) as connection:
            yield connection

    @contextmanager
    def driver_connection(self) -> Iterator[Any]:
        """A connection of the driver itself, in no transaction: for what none may contain. SQLite only.

        Raises:
            ServiceError: no connection can be had.
        """
        try:
            connection = self._engine.raw_connection()
        except (DBAPIError, PoolTimeoutError) as error:
            raise cannot_connect(error, self._engine.url) from error
        try:
            yield connection.driver_connection
        finally:
            connection.close()

    def close(self) -> None:
        """Give back all connections; the object may be used again."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Iterator[Connection]:
        try:
            connection = self._engine.connect()
        except (DBAPIError, PoolTimeoutError) as error:
            raise cannot_connect(error, self._engine.url) from error
        try:
            with connection, connection.execution_options(**options).begin():
                yield connection
        except DBAPIError as error:
            raise translate(error) from error


def make_database(url: str, *, migrates: bool = False) -> Database:
    """The database at the URL, as it is; `migrates` is for migrations: they rebuild tables and may take long.

    Raises:
        SettingsError: the URL is not one of a database that nerq can use.
        ServiceError: the SQLite file cannot be created.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return Database(_sqlite_engine(parsed, foreign_keys=not migrates))
    return Database(_postgresql_engine(parsed, is_patient=migrates))


def parse_url(url: str) -> URL:
    """The URL with the driver that nerq uses. Raises SettingsError for any other database."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise SettingsError("NERQ_DATABASE is not a database URL.") from None
    if "@" in (parsed.host or ""):  # and what stands before it, in the password
        raise SettingsError("In NERQ_DATABASE, @ : / ? # of the password are written as %40 %3A %2F %3F %23.")
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise SettingsError("nerq needs a database file: sqlite:///PATH")
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise SettingsError(
        f"nerq cannot use a database of kind {backend!r}: give sqlite:///PATH or postgresql://..."
    )


def _sqlite_engine(url: URL, foreign_keys: bool) -> Engine:
    _create_private_file(Path(str(url.database)).resolve())  # a link may lead to a file that is not there yet
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": SQLITE_BUSY_S})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # The driver leaves transactions to the next listener.
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode = WAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that turns into a writer fails at once while another one writes: ask first.
        writes = connection.get_execution_options().get("nerq_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _create_private_file(path: Path) -> None:
    """Texts may be confidential: a new file is its owner's alone (its -wal and -shm inherit the mode).

    A file that is there is left to SQLite. Opened and closed here, it would lose the locks that other connections
    of this process hold on it (POSIX drops them at the first close), and the next process to leave the database
    would delete the log to which they write.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise ServiceError(f"Cannot open the database file {path}: {error.strerror}") from error


def _postgresql_engine(url: URL, is_patient: bool) -> Engine:
    from worker.store.silence import ListeningConnection  # loads psycopg, which SQLite does without

    # A half-open connection is noticed within a minute and a half; values in the URL win.
    defaults = {
        "connect_timeout": "10",
        "application_name": "nerq",
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": "90000",
    }
    engine = create_engine(url.set(query={**defaults, **url.query}), hide_parameters=True, pool_pre_ping=True)
    if not is_patient:

        @event.listens_for(engine, "do_connect")
        def _connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> ListeningConnection:
            return ListeningConnection.connect(*arguments, **options)

    return engine
