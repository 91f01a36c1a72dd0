"""Passwords are in the settings, and nowhere that a person or another program looks."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.command_line import invoke
from tests.queue_work import make_settings, running_worker, submit, texts, wait_finished
from tests.services import PostgresServer, RedisServer, wait_until
from worker import store
from worker.queue.app import BrokerQueue
from worker.queue.dispatch import dispatch

#: No port that anyone listens on.
NOWHERE = "127.0.0.1:1"
DATABASES = {
    "beside the user": f"postgresql://nerq:xyzzy2@{NOWHERE}/n",
    "percent-encoded": f"postgresql://nerq:%78yzzy2@{NOWHERE}/n",
    "in the query": f"postgresql://{NOWHERE}/n?user=nerq&password=xyzzy2",
    "in the query, percent-encoded": f"postgresql://{NOWHERE}/n?user=nerq&password=xyzzy%32",
    "for a key": f"postgresql://nerq@{NOWHERE}/n?sslkey=/x&sslpassword=xyzzy2",
    "with another driver": f"postgresql+psycopg://nerq:xyzzy2@{NOWHERE}/n",
    "with a port that is none": "postgresql://nerq:xyzzy2@127.0.0.1:xyzzy2/n",
    "with a slash": "postgresql://nerq:xyzzy/2@127.0.0.1:1/n",
    "with a question mark": "postgresql://nerq:xyzzy?2@127.0.0.1:1/n",
    "with an at sign": "postgresql://nerq:xyzzy@xyzzy2@127.0.0.1:1/n",
    "with an option that is none": f"postgresql://nerq:xyzzy2@{NOWHERE}/n?unknown=xyzzy2",
    "of another kind": "mysql://nerq:xyzzy2@127.0.0.1/n",
    "in a file's name": "sqlite:////no/such/xyzzy/../nerq.db?password=xyzzy2",
    "in an address that is none": "postgresql://nerq:xyzzy2@[::1/n",
}
BROKERS = {
    "without a user": f"redis://:xyzzy2@{NOWHERE}/0",
    "beside the user": f"redis://nerq:xyzzy2@{NOWHERE}/0",
    "percent-encoded": f"redis://:%78yzzy2@{NOWHERE}/0",
    "over TLS": f"rediss://:xyzzy2@{NOWHERE}/0?ssl_cert_reqs=required",
    "for a key": f"rediss://:x@{NOWHERE}/0?ssl_password=xyzzy2",
    "in the query": f"redis://{NOWHERE}/0?password=xyzzy2",
    "with an option that is none": f"redis://:xyzzy2@{NOWHERE}/0?unknown=xyzzy2",
    "with a port that is none": "redis://:xyzzy2@127.0.0.1:xyzzy2/0",
    "with a slash": "redis://:xyzzy/2@127.0.0.1:1/0",
    "with a hash": "redis://:xyzzy#2@127.0.0.1:1/0",
    "with a certificate that is none": f"rediss://:xyzzy2@{NOWHERE}/0?ssl_cert_reqs=xyzzy2",
    "with an at sign": "redis://:xyzzy@xyzzy2@127.0.0.1:1/0",
    "with a number that is none": f"redis://:xyzzy2@{NOWHERE}/xyzzy2",
    "of another kind": "amqp://nerq:xyzzy2@127.0.0.1//",
    "in an address that is none": "redis://:xyzzy2@[::1/0",
}
COMMANDS = [["doctor"], ["doctor", "--json"], ["status"], ["entities"], ["db", "upgrade"], ["config", "show"]]


@pytest.fixture(autouse=True)
def _document(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Anna came.")


def told(*arguments: str) -> str:
    """Everything that a command says, with where it happened if it is a bug."""
    result = invoke(*arguments)
    assert result.exit_code in (0, 1, 3, 4), result.output
    assert "This is a bug" not in result.output, result.output
    return result.output


@pytest.mark.parametrize("url", DATABASES.values(), ids=DATABASES)
def test_of_a_database_no_password_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NERQ_DATABASE", url)
    monkeypatch.setenv("NERQ_LOG_LEVEL", "DEBUG")  # with tracebacks
    for command in COMMANDS:
        answer = told(*command)
        assert answer
        assert "yzzy" not in answer.replace("/xyzzy/..", ""), command


@pytest.mark.parametrize("url", BROKERS.values(), ids=BROKERS)
def test_of_a_broker_no_password_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NERQ_BROKER", url)
    monkeypatch.setenv("NERQ_LOG_LEVEL", "DEBUG")  # with tracebacks
    store.open_database("sqlite:///nerq.db").close()
    for command in (["doctor"], ["status"], ["worker", "--gpus", "none"]):
        assert "yzzy" not in told(*command), command


def test_of_a_wrong_broker_it_is_said_what_would_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NERQ_BROKER", BROKERS["in the query"])
    assert "no options but ssl_ca_certs" in told("doctor")


def test_a_worker_and_its_children_show_no_password(
    postgres_url: str, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    """Not on command lines, in process titles, in logs, in messages, in rows; not while services are away either."""
    database = postgres_url.replace("nerq@", "nerq:%78yzzy2@") + "?sslpassword=xyzzy2"
    with redis_server.client() as client:
        client.config_set("requirepass", "xyzzy2")
    settings = make_settings(
        database, redis_server.url.replace("redis://", "redis://:%78yzzy2@"), log_level="DEBUG"
    )
    db = store.open_database(postgres_url)
    try:
        job = submit(db, texts(3))
        dispatch(db, settings, BrokerQueue.of(settings))
        with running_worker(settings) as worker:
            wait_finished(db, job)
            shown = [_shown(process) for process in _family(worker.pid)]
            assert len(shown) > 1
            redis_server.kill()
            postgres_server.kill()
            wait_until(
                lambda: "out of reach" in worker.log() or "lost" in worker.log(), 60, "a word on the outage"
            )
            assert "yzzy" not in worker.log()
            assert "yzzy" not in "".join(shown)
    finally:
        redis_server.kill()
        postgres_server.start()
        db.close()


def _family(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def _shown(process: psutil.Process) -> str:
    """What everyone on the machine sees of a process."""
    return " ".join([process.name(), *process.cmdline()])
