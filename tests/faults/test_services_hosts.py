"""Workers, Redis and PostgreSQL each on a host of its own: cables are pulled and put in again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import NERQ, environment
from tests.faults.hosts import Host, hosts
from tests.queue_work import (
    WorkerProcess,
    clean_run,
    make_settings,
    running_worker,
    stored,
    submit,
    texts,
    wait_finished,
)
from tests.readers import GATES, Gates
from tests.services import PostgresServer, RedisServer, find_postgres, find_redis, wait_until
from worker.settings import Settings
from worker.store import Database, upgrade_database

PATIENCE_S = 100.0
#: A network that is gone is noticed in seconds; it would be in a minute and a half.
QUICKLY = "connect_timeout=2&keepalives_idle=2&keepalives_interval=1&keepalives_count=2&tcp_user_timeout=4000"
HALTS = ["Ada waits @wait", "Grace waits @wait"]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def network() -> Iterator[list[Host]]:
    with hosts(4) as made:
        yield made


@pytest.fixture
def settings(network: list[Host]) -> Iterator[Settings]:
    """Redis on the first host, PostgreSQL on the second."""
    redis = RedisServer(find_redis(), network[0].address, network[0].network)
    postgres = PostgresServer(find_postgres(), network[1].address, network[1].network)
    try:
        redis.start()
        postgres.start()
        url = f"{postgres.url(postgres.create_database())}?{QUICKLY}"
        upgrade_database(url)
        yield make_settings(url, redis.url, lease_s=6.0, batch_documents=1)
    finally:
        redis.remove()
        postgres.remove()


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where the readers of each worker wait: processes of two hosts may have the same number."""
    monkeypatch.setenv(GATES, str(tmp_path / "first"))  # for the clean run
    made = [tmp_path / "first", tmp_path / "second"]
    for folder in made:
        folder.mkdir()
    return made


@pytest.fixture
def workers(settings: Settings, network: list[Host], folders: list[Path]) -> Iterator[list[WorkerProcess]]:
    """One on the third host, one on the fourth."""
    one, two = (host.machine for host in network[2:])
    with (
        running_worker(settings, gates=folders[0], prefix=one) as first,
        running_worker(settings, gates=folders[1], prefix=two) as second,
    ):
        yield [first, second]


@pytest.fixture
def gates(folders: list[Path]) -> list[Gates]:
    return [Gates(folder) for folder in folders]


def wait_at(gates: list[Gates]) -> None:
    wait_until(lambda: all(one.arrived() for one in gates), PATIENCE_S, "a reader of each worker at its gate")


@pytest.mark.usefixtures("workers")
def test_a_worker_host_that_is_cut_off_costs_no_work_and_works_on_when_it_is_back(
    db: Database, network: list[Host], gates: list[Gates], folders: list[Path]
) -> None:
    first, second = network[2:]
    given = [*HALTS, *texts(12)]
    job = submit(db, given)
    wait_at(gates)
    first.cut_off()
    gates[1].open()
    wait_finished(db, job, PATIENCE_S)
    rows = stored(db, job)
    # Back with a result that nobody waits for any more, it does alone what there is.
    gates[0].open()
    first.heal()
    second.cut_off()
    more = texts(20)[12:]
    later = submit(db, more)
    wait_finished(db, later, PATIENCE_S)
    assert stored(db, later) == clean_run(folders[1], more)
    assert stored(db, job) == rows == clean_run(folders[0], given)


@pytest.mark.usefixtures("workers")
def test_a_database_host_that_is_cut_off_costs_no_work_and_is_missed_in_clear_words(
    settings: Settings, db: Database, network: list[Host], gates: list[Gates], tmp_path: Path
) -> None:
    _, base, first, _ = network
    given = [*HALTS, *texts(12)]
    job = submit(db, given)
    wait_at(gates)
    base.cut_off()
    for gate in gates:
        gate.open()
    asked = subprocess.run(
        [*first.network, *NERQ, "status"],
        env=environment(NERQ_DATABASE=settings.database_url),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert asked.returncode == 3
    assert asked.stderr.startswith("Error: Cannot open the database postgresql+psycopg://nerq@10.")
    base.heal()
    wait_finished(db, job, PATIENCE_S)
    assert stored(db, job) == clean_run(tmp_path, given)
