"""Fixtures for all tests: a clean environment, private services, migrated databases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.readers import GATES, Gates
from tests.services import PostgresServer, RedisServer, find_postgres, find_redis
from tests.tiny import make_tiny_checkpoint
from worker.store import Database, open_database, upgrade_database


@pytest.fixture(scope="session", autouse=True)
def cache_of_networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What tests convert lies apart from the developer's own, and all tests of a run share it."""
    base = tmp_path_factory.getbasetemp()
    # Under xdist each of its workers has a folder of its own in one of the run.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's shell or folder reaches a test."""
    for name in [name for name in os.environ if name.startswith("NERQ_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random checkpoint that is read in milliseconds and finds many entities."""
    return make_tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def _redis() -> Iterator[RedisServer]:
    server = RedisServer(find_redis())
    yield server
    server.remove()


@pytest.fixture
def redis_server(_redis: RedisServer) -> RedisServer:
    """A running, empty Redis; a test may kill and start it."""
    _redis.start()
    _redis.flush()
    return _redis


@pytest.fixture(scope="session")
def _postgres() -> Iterator[PostgresServer]:
    server = PostgresServer(find_postgres())
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def _migrated_template(_postgres: PostgresServer) -> str:
    name = _postgres.create_database()
    upgrade_database(_postgres.url(name))
    return name


@pytest.fixture
def postgres_server(_postgres: PostgresServer) -> PostgresServer:
    """A running PostgreSQL; a test may kill and start it."""
    _postgres.start()
    return _postgres


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, _migrated_template: str) -> Iterator[str]:
    """A fresh database with all tables."""
    name = postgres_server.create_database(_migrated_template)
    yield postgres_server.url(name)
    postgres_server.start()
    postgres_server.drop_database(name)


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh database without tables."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "migrated.db"
    upgrade_database(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, _migrated_file: Path) -> str:
    """A fresh database file with all tables."""
    path = tmp_path / "nerq.db"
    path.write_bytes(_migrated_file.read_bytes())
    path.chmod(0o600)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with all tables, on each kind in turn."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(fixture))


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """The open database of `database_url`."""
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture
def gate_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "gates"
    folder.mkdir()
    monkeypatch.setenv(GATES, str(folder))
    return folder


@pytest.fixture
def gates(gate_folder: Path) -> Gates:
    """Where readers wait for the test's word."""
    return Gates(gate_folder)
