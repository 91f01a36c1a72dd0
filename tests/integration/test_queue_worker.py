"""`nerq worker` as real processes that are killed, stopped and deprived of Redis; the rows equal a clean run's."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.queue_work import (
    clean_run,
    is_finished,
    make_settings,
    n_running,
    running_worker,
    stored,
    submit,
    texts,
    wait_finished,
)
from tests.readers import Gates
from tests.services import RedisServer, wait_until
from worker import store
from worker.errors import ServiceError
from worker.queue.app import BrokerQueue, make_app
from worker.queue.boot import run_worker
from worker.queue.dispatch import dispatch
from worker.queue.message import TASK
from worker.settings import Settings
from worker.store import Database, ExtractionStatus

#: Texts at which a reader waits for the test's word.
HALTS = ["Ada waits @wait", "Grace waits @wait"]


@pytest.fixture
def settings(sqlite_url: str, redis_server: RedisServer) -> Settings:
    return make_settings(sqlite_url, redis_server.url)


@pytest.fixture
def db(settings: Settings) -> Iterator[Database]:
    database = store.open_database(settings.database_url)
    yield database
    database.close()


def test_a_killed_child_and_an_emptied_redis_cost_no_work(
    db: Database,
    settings: Settings,
    gates: Gates,
    gate_folder: Path,
    redis_server: RedisServer,
    tmp_path: Path,
) -> None:
    given = [*HALTS, *texts(38)]
    job = submit(db, given)
    two = settings.model_copy(update={"processes": 2})
    with running_worker(two, gates=gate_folder) as worker:
        wait_until(lambda: gates.arrived(), what="a reader at the gate")
        redis_server.flush()
        os.kill(gates.arrived()[0], signal.SIGKILL)
        wait_until(lambda: len(gates.arrived()) > 1, what="a reader in the dead one's place")
        gates.open()
        wait_finished(db, job)
        wait_until(lambda: len(store.live_workers(db, 60)) == 2, what="signs of life of both children")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
        assert store.live_workers(db, 60) == []
    assert stored(db, job) == clean_run(tmp_path, given)


def test_a_killed_worker_and_a_restarted_redis_cost_no_work(
    db: Database,
    settings: Settings,
    gates: Gates,
    gate_folder: Path,
    redis_server: RedisServer,
    tmp_path: Path,
) -> None:
    given = [*HALTS, *texts(38)]
    job = submit(db, given)
    with running_worker(settings, gates=gate_folder) as worker:
        wait_until(lambda: gates.arrived(), what="a reader at the gate")
        children = worker.model_processes()
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        psutil.wait_procs(children, timeout=10)
    assert n_running(db, job) > 0
    gates.open()
    with running_worker(settings, gates=gate_folder):
        redis_server.kill()
        redis_server.start()
        wait_finished(db, job)
    assert stored(db, job) == clean_run(tmp_path, given)


def test_children_that_outlive_their_worker_give_their_batch_back(
    db: Database, settings: Settings, gates: Gates, gate_folder: Path
) -> None:
    job = submit(db, HALTS)
    with running_worker(settings, gates=gate_folder) as worker:
        wait_until(lambda: gates.arrived(), what="a reader at the gate")
        children = worker.model_processes()
        worker.signal(signal.SIGKILL)
        worker.wait()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert alive == []
    assert n_running(db, job) == 0
    assert [row.alone for row in store.announce(db, 99)] == [False, False]


def test_a_polite_stop_finishes_the_batch_and_a_second_one_gives_it_back(
    db: Database, settings: Settings, gates: Gates, gate_folder: Path
) -> None:
    job = submit(db, [HALTS[0], *texts(11)])
    with running_worker(settings, gates=gate_folder) as worker:
        wait_until(lambda: n_running(db, job) == 4 and gates.arrived(), what="the batch at the gate")
        worker.signal(signal.SIGTERM)
        worker.signal(signal.SIGINT)
        assert worker.wait() == 0
    progress = store.job_progress(db, job)
    assert progress.states[ExtractionStatus.RUNNING] == 0
    waiting = progress.states[ExtractionStatus.QUEUED]
    assert waiting >= 4
    assert not any(row.alone for row in [*store.announce(db, 99), *store.announce_again(db, 0, 99)])


def test_messages_that_are_no_batches_are_dropped_and_passwords_stay_hidden(
    db: Database, settings: Settings, redis_server: RedisServer
) -> None:
    with redis_server.client() as client:
        client.config_set("requirepass", "hunter2")
    try:
        _feed_nonsense(db, settings, redis_server.url.replace("redis://", "redis://:hunter2@"))
    finally:
        redis_server.kill()  # and with it the password


def _feed_nonsense(db: Database, settings: Settings, broker: str) -> None:
    locked = make_settings(settings.database_url, broker)
    app = make_app(locked)
    for arguments in [(), ("Ada Lovelace",), ({"v": 1, "extractions": ["Ada"]},), ({"v": 1}, 2)]:
        app.send_task(TASK, args=arguments, queue="nerq")
    app.send_task("os.system", args=("true",), queue="nerq")
    job = submit(db, texts(8))
    dispatch(db, locked, BrokerQueue(app))
    with running_worker(locked) as worker:
        wait_finished(db, job)
        wait_until(lambda: "refused=5\n" in worker.log(), what="five refusals")
        processes = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
        shown = "\n".join(" ".join(process.cmdline()) for process in processes) + worker.log()
        assert "hunter2" not in shown
        assert "Lovelace" not in shown
        assert BrokerQueue(app).state().n_waiting == 0


def test_a_worker_that_cannot_open_the_model_says_so(db: Database, settings: Settings) -> None:
    job = submit(db, texts(2))
    with running_worker(settings, "open_nothing"):
        wait_until(
            lambda: any("not on this machine" in str(row.note) for row in store.live_workers(db, 60)),
            what="the note in the heartbeat",
        )
        assert not is_finished(db, job), "another worker may have the model"


def test_a_polite_stop_wakes_a_process_that_pauses(db: Database, settings: Settings) -> None:
    job = submit(db, texts(2))
    with running_worker(settings, "open_nothing_for_an_hour") as worker:
        wait_until(lambda: "model refused" in worker.log(), what="a refusal")
        worker.signal(signal.SIGTERM)
        assert worker.wait(100.0) == 0
        assert "exitcode" not in worker.log(), (
            "its process ended by itself, not by a signal at the end of the grace"
        )
    assert n_running(db, job) == 0


def test_services_out_of_reach_at_the_start_are_an_error(
    settings: Settings, redis_server: RedisServer, tmp_path: Path
) -> None:
    nowhere = make_settings(f"sqlite:///{tmp_path}/no/such/folder/nerq.db", settings.broker_url)
    with pytest.raises(ServiceError, match="database"):
        run_worker(nowhere, gpus="none")
    redis_server.kill()
    with pytest.raises(ServiceError, match=r"Redis at .* is out of reach"):
        run_worker(settings, gpus="none")
