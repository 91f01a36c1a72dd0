"""Private Redis and PostgreSQL servers on free ports, which a test may kill and start again."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

START_S = 30.0


def wait_until(
    condition: Callable[[], object], timeout_s: float = START_S, what: str = "the condition"
) -> None:
    """Poll until the condition is true; fails the test at the deadline."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come about within {timeout_s} s")
        pause.wait(0.02)


def missing_service(reason: str) -> None:
    """Skip the test on a laptop; fail it where all services must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def needed(module: str) -> Any:
    """The module, which may be missing on a laptop, but not in continuous integration."""
    if os.environ.get("CI"):
        return __import__(module, fromlist=["_"])
    return pytest.importorskip(module)


def free_port() -> int:
    """A TCP port of this machine that no one listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class RedisServer:
    """A redis-server without persistence: what it held is gone when it dies.

    `prefix` is the command that starts it elsewhere, where it has the address.
    """

    def __init__(self, binary: str, address: str = "127.0.0.1", prefix: Sequence[str] = ()) -> None:
        self._command = [*prefix, binary, "--bind", address, "--protected-mode", "no"]
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.mkdtemp(prefix="nerq-redis-")
        self.url = f"redis://{address}:{self._port}/0"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, if it does not run, at the same URL as before."""
        if self.is_running:
            return
        options = ["--port", str(self._port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [*self._command, *options, "--dir", self._folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, what="an answer of redis-server")

    def kill(self) -> None:
        """kill -9."""
        _end(self._process, signal.SIGKILL)
        self._process = None

    def flush(self) -> None:
        """Forget everything."""
        with self.client() as client:
            client.flushall()

    def client(self) -> redis.Redis:
        """A new client; close it, or use it in a with statement."""
        return redis.Redis.from_url(self.url)

    def remove(self) -> None:
        """Stop it for good."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


class PostgresServer:
    """A PostgreSQL cluster whose own order of strings is that of a language, not of code points.

    `prefix` is the command that starts it elsewhere, where it has the address; it needs root. A `folder` that is
    given may hold the cluster of an earlier server. What a `durable` one has committed outlives the machine.
    """

    def __init__(
        self,
        binaries: Path,
        address: str = "127.0.0.1",
        prefix: Sequence[str] = (),
        folder: Path | None = None,
        *,
        durable: bool = False,
    ) -> None:
        self._binaries = binaries
        self._address = address
        self._prefix = prefix
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self._folder = folder or Path(tempfile.mkdtemp(prefix="nerq-postgres-"))
        self._folder.mkdir(exist_ok=True)
        self._is_durable = durable
        # PostgreSQL refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self._data = self._folder / "data"
        if not self._data.exists():
            self._make_cluster()

    def _make_cluster(self) -> None:
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en"]
        self._run("initdb", "-D", str(self._data), "-U", "nerq", "--auth=trust", "--no-sync", *locale).wait()
        with (self._data / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {self._address}/24 trust\n")

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, if it does not run, at the same port as before."""
        if self.is_running:
            return
        settings = {
            "listen_addresses": self._address,
            "unix_socket_directories": str(self._folder),
            "fsync": "on" if self._is_durable else "off",
            "full_page_writes": "on" if self._is_durable else "off",
            "max_connections": "60",
            "timezone": "UTC",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        arguments = ["-D", str(self._data), "-p", str(self._port), *options]
        self._process = self._run("postgres", *arguments, prefix=self._prefix)
        wait_until(self._answers, what="an answer of postgres")

    def stop(self) -> None:
        """Let it end in order; its folder stays."""
        _end(self._process, signal.SIGINT)
        self._process = None

    def kill(self) -> None:
        """Let it crash: all connections break at once, and the next start recovers from its log."""
        _end(self._process, signal.SIGQUIT)
        self._process = None

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://nerq@{self._address}:{self._port}/{database}"

    def create_database(self, template: str = "template0") -> str:
        """The name of a new database, a copy of the template."""
        name = f"nerq_test_{next(self._numbers)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Remove it, though it may be in use."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def remove(self) -> None:
        """Stop it for good."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            self._execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _run(self, program: str, *arguments: str, prefix: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        user = ["setpriv", f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups"]
        return subprocess.Popen(
            [*prefix, *(user if self._user else []), self._binaries / program, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
        )


def find_redis() -> str:
    """The path of redis-server, or the test is skipped."""
    binary = shutil.which("redis-server")
    if binary is None:
        missing_service("redis-server is not installed")
    return str(binary)


def find_postgres() -> Path:
    """The folder of PostgreSQL's newest programs, or the test is skipped."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    initdb = str(debian[-1]) if debian else shutil.which("initdb")
    if initdb is None:
        missing_service("PostgreSQL (initdb, postgres) is not installed")
    return Path(str(initdb)).parent


def _end(process: subprocess.Popen[bytes] | None, how: signal.Signals) -> None:
    if process is not None:
        process.send_signal(how)
        process.wait(START_S)
