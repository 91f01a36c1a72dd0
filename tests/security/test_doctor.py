"""`nerq doctor` says who else could read along, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.protection_checks import broker_way_checks, is_here, postgresql_checks, redis_access_checks
from tests.command_line import invoke
from tests.services import RedisServer
from worker import store
from worker.settings import Settings


def warnings() -> dict[str, str]:
    """Name -> finding and advice of every check that is not in order."""
    checks: list[dict[str, Any]] = json.loads(invoke("doctor", "--json").stdout)["checks"]
    return {c["name"]: f"{c['finding']} {c['advice']}" for c in checks if c["outcome"] != "ok"}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (None, True),
        ("", True),
        ("/run/postgresql", True),
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("127.example.org", False),
        ("redis", False),
        ("::", False),
        ("*", False),
    ],
)
def test_only_this_machine_is_here(host: str | None, expected: bool) -> None:
    assert is_here(host) is expected


@pytest.mark.parametrize(
    ("url", "finding"),
    [
        ("redis://:p@localhost/0", None),
        ("redis://:p@redis.example.org/0", "in the clear"),
        ("rediss://:p@redis.example.org/0", None),
        ("rediss://:p@redis.example.org/0?ssl_ca_certs=/etc/own.pem", None),
        ("rediss://:p@redis.example.org/0?ssl_cert_reqs=required", None),
        ("rediss://:p@redis.example.org/0?ssl_cert_reqs=none", "not verified"),
        ("rediss://:p@redis.example.org/0?ssl_cert_reqs=optional", "not verified"),
    ],
)
def test_the_way_to_redis(url: str, finding: str | None) -> None:
    found = [check.finding for check in broker_way_checks(url)]
    assert len(found) == (finding is not None)
    assert all(finding in text for text in found if finding)


@pytest.mark.parametrize(
    ("url", "config", "is_open"),
    [
        ("redis://redis.example.org/0", {}, True),
        ("redis://:@redis.example.org/0", {}, True),
        ("redis://nerq@redis.example.org/0", {}, True),
        ("redis://:p@redis.example.org/0", {}, False),
        ("redis://localhost/0", {}, False),
        ("redis://localhost/0", {"protected-mode": "yes", "bind": "* -::*"}, False),
        ("redis://localhost/0", {"protected-mode": "no", "bind": "127.0.0.1 -::1"}, False),
        ("redis://localhost/0", {"protected-mode": "no", "bind": "* -::*"}, True),
        ("redis://localhost/0", {"protected-mode": "no", "bind": ""}, True),
    ],
)
def test_who_gets_into_redis(url: str, config: dict[str, str], is_open: bool) -> None:
    assert bool(list(redis_access_checks(url, config))) is is_open


@pytest.mark.parametrize(
    ("url", "finding"),
    [
        ("postgresql://u:p@localhost/n", None),
        ("postgresql:///n", None),
        ("postgresql:///n?host=/run/postgresql", None),
        ("postgresql:///n?host=db.example.org", "sslmode=prefer"),
        ("postgresql://u:p@db.example.org/n", "sslmode=prefer"),
        ("postgresql://u:p@db.example.org/n?sslmode=require", "sslmode=require"),
        ("postgresql://u:p@db.example.org/n?sslmode=verify-ca", None),
        ("postgresql://u:p@db.example.org/n?sslmode=verify-full&sslrootcert=system", None),
        ("sqlite:///nerq.db", None),
    ],
)
def test_the_way_to_postgresql(url: str, finding: str | None) -> None:
    found = [check.finding for check in postgresql_checks(Settings(database=url))]
    assert len(found) == (finding is not None)
    assert all(finding in text for text in found if finding)


def test_the_environment_of_postgresql_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example.org")
    assert list(postgresql_checks(Settings(database="postgresql:///n")))
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert not list(postgresql_checks(Settings(database="postgresql:///n")))


class TestFiles:
    def test_made_by_nerq_are_in_order(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o755)
        store.open_database("sqlite:///nerq.db").close()
        (tmp_path / "nerq.toml").write_text('database = "sqlite:///nerq.db"')
        (tmp_path / "nerq.toml").chmod(0o644)
        assert warnings().keys() & {"file mode", "folder", "password"} == set()

    def test_that_others_can_read_are_named(self, tmp_path: Path) -> None:
        db = store.open_database("sqlite:///nerq.db")
        for name in ("nerq.db", "nerq.db-wal"):
            (tmp_path / name).chmod(0o640)
        assert "nerq.db, nerq.db-wal" in warnings()["file mode"]
        db.close()

    def test_in_a_folder_that_others_write_to_are_told_of(self, tmp_path: Path) -> None:
        store.open_database("sqlite:///nerq.db").close()
        tmp_path.chmod(0o777)
        try:
            assert str(tmp_path) in warnings()["folder"]
        finally:
            tmp_path.chmod(0o755)

    @pytest.mark.parametrize(
        "line",
        [
            'broker = "redis://:hunter2@127.0.0.1:1/0"',
            'database = "postgresql://127.0.0.1:1/n?user=u&password=hunter2"',
        ],
    )
    def test_with_a_password_are_their_owners_alone(self, tmp_path: Path, line: str) -> None:
        toml = tmp_path / "nerq.toml"
        toml.write_text(line)
        toml.chmod(0o644)
        answer = invoke("doctor").stdout
        assert "chmod 600 nerq.toml" in answer
        assert "hunter2" not in answer
        toml.chmod(0o600)
        assert "chmod 600 nerq.toml" not in invoke("doctor").stdout


class TestRedis:
    def test_that_everyone_reaches_or_that_evicts_is_told_of(
        self, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NERQ_BROKER", redis_server.url)
        assert warnings().keys() & {"password", "eviction", "encryption"} == set()
        with redis_server.client() as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            client.config_set("protected-mode", "no")
            client.config_set("bind", "0.0.0.0")  # noqa: S104 - of a moment, with nothing in it
        try:
            assert "allkeys-lru" in warnings()["eviction"]
            assert "open to everyone who reaches the host" in warnings()["password"]
            assert invoke("doctor").exit_code == 1
        finally:
            redis_server.kill()  # and with it these settings
