"""Redis hangs, is full, is slow, or cannot be reached: what is submitted ends as in a clean run, with no one's help."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.command_line import run, write_documents
from tests.proxy import Proxy
from tests.queue_work import clean_run, make_settings, running_worker, stored, submit, texts, wait_finished
from tests.readers import Gates
from tests.services import RedisServer, wait_until
from worker import store
from worker.queue.app import BrokerQueue
from worker.settings import Settings
from worker.store import Database

#: Longer than nerq waits for Redis anywhere.
PATIENCE_S = 100.0

pytestmark = pytest.mark.timeout(300)  # beyond PATIENCE_S, on any machine


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[Proxy]:
    """The way to Redis."""
    proxy = Proxy(redis_server.url)
    yield proxy
    proxy.remove()


@pytest.fixture
def settings(sqlite_url: str, proxy: Proxy) -> Settings:
    return make_settings(sqlite_url, proxy.url)


def limit_memory(server: RedisServer, limit: str) -> None:
    with server.client() as client:
        client.config_set("maxmemory", limit)


def by_name(rows: dict[str, object]) -> dict[str, object]:
    return {Path(path).name: row for path, row in rows.items()}


def test_workers_whose_connections_the_network_has_forgotten_make_new_ones(
    settings: Settings, db: Database, proxy: Proxy, gates: Gates, gate_folder: Path, tmp_path: Path
) -> None:
    """One worker has a message to confirm, the other waits for one: neither hears that its connection is gone."""
    single = settings.model_copy(update={"batch_documents": 1})
    job = submit(db, ["Ada waits @wait"])
    with running_worker(single, gates=gate_folder), running_worker(single, gates=gate_folder):
        wait_until(
            lambda: len(store.live_workers(db, 60)) == 2 and gates.arrived(), PATIENCE_S, "two workers"
        )
        proxy.forget()
        gates.open()
        wait_finished(db, job)
        gates.close()
        given = ["Grace waits @wait", "Alan waits @wait"]
        later = submit(db, given)
        wait_until(lambda: len(gates.arrived()) == 2, PATIENCE_S, "both workers at the gate")
        gates.open()
        wait_finished(db, later)
    assert stored(db, later) == clean_run(tmp_path, given)


def test_what_waits_in_a_redis_that_becomes_full_is_read_once_there_is_room(
    settings: Settings,
    db: Database,
    redis_server: RedisServer,
    gates: Gates,
    gate_folder: Path,
    tmp_path: Path,
) -> None:
    given = ["Ada waits @wait", *texts(20)]
    job = submit(db, given)
    queue = BrokerQueue.of(settings)
    with running_worker(settings, gates=gate_folder) as worker:
        wait_until(lambda: gates.arrived() and queue.state().n_waiting > 2, PATIENCE_S, "messages that wait")
        limit_memory(redis_server, "1mb")
        gates.open()
        # A worker has to write into Redis that it took a message: there is no room for that.
        wait_until(lambda: "maxmemory" in worker.log(), PATIENCE_S, "a refusal of Redis")
        limit_memory(redis_server, "0")
        wait_finished(db, job, PATIENCE_S)
    assert stored(db, job) == clean_run(tmp_path, given)


def test_a_slow_redis_that_forgets_everything_costs_no_work(
    settings: Settings, db: Database, proxy: Proxy, redis_server: RedisServer, tmp_path: Path
) -> None:
    given = texts(24)
    proxy.latency_s = 0.05
    job = submit(db, given)
    with running_worker(settings):
        wait_until(
            lambda: store.job_progress(db, job).states[store.ExtractionStatus.DONE], PATIENCE_S, "a start"
        )
        redis_server.kill()
        redis_server.start()
        wait_finished(db, job, PATIENCE_S)
    assert stored(db, job) == clean_run(tmp_path, given)


class TestSubmit:
    """`nerq submit` while a worker runs and Redis does not work: it stores everything, says so and ends."""

    @pytest.fixture
    def command(
        self, settings: Settings, tiny_checkpoint: Path
    ) -> Callable[..., subprocess.CompletedProcess[str]]:
        def command(*arguments: str) -> subprocess.CompletedProcess[str]:
            return run(
                *arguments,
                NERQ_DATABASE=settings.database_url,
                NERQ_BROKER=str(settings.broker_url),
                NERQ_MODEL=str(tiny_checkpoint),
            )

        return command

    def test_what_is_submitted_without_redis_is_read_once_it_is_back(
        self,
        settings: Settings,
        db: Database,
        proxy: Proxy,
        redis_server: RedisServer,
        command: Callable[..., subprocess.CompletedProcess[str]],
        tmp_path: Path,
    ) -> None:
        outages = {
            "refused": (proxy.cut, proxy.open, "is out of reach (ConnectionError)"),
            "frozen": (proxy.freeze, proxy.thaw, "is out of reach (TimeoutError)"),
            "full": (
                lambda: limit_memory(redis_server, "1mb"),
                lambda: limit_memory(redis_server, "0"),
                "is full",
            ),
        }
        given = texts(3 * len(outages))
        with running_worker(settings):
            wait_until(lambda: store.live_workers(db, 60), PATIENCE_S, "the worker")
            for n, (name, (begin, end, words)) in enumerate(outages.items()):
                part = given[3 * n : 3 * n + 3]
                folder = write_documents(
                    tmp_path / name, {f"{i:03}.txt": text for i, text in enumerate(part)}
                )
                begin()
                submitted = command("submit", str(folder))
                checked = command("doctor")
                end()
                assert submitted.returncode == 0, submitted.stderr
                assert words in submitted.stderr
                assert "The work is stored" in submitted.stderr
                assert checked.returncode == 3, checked.stdout
                wait_finished(db, n + 1, PATIENCE_S)
                assert by_name(dict(stored(db, n + 1))) == clean_run(tmp_path / name, part)
