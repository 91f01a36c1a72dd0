"""The local pool: spawned processes that are killed, stuck, or cannot start; nothing but the database in between."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.queue_work import (
    failures,
    is_finished,
    make_settings,
    n_running,
    running_worker,
    stored,
    submit,
    texts,
)
from tests.readers import Gates, die_importing, die_opening, open_nothing, open_reader
from tests.services import wait_until
from worker import store
from worker.errors import ServiceError
from worker.queue.local_pool import LocalPool
from worker.queue.model_cache import OpenModel
from worker.settings import Settings
from worker.store import Database, ExtractionStatus


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return make_settings(sqlite_url)


@pytest.fixture
def db(settings: Settings) -> Iterator[Database]:
    database = store.open_database(settings.database_url)
    yield database
    database.close()


def local_pool(settings: Settings, open_model: OpenModel = open_reader) -> LocalPool:
    return LocalPool(settings, gpus="none", open_model=open_model)


def run_to_the_end(db: Database, pool: LocalPool, job: int) -> int:
    ended = 0

    def pump() -> bool:
        nonlocal ended
        ended += pool.pump(0.2)
        return is_finished(db, job)

    wait_until(pump, 60, "the end of the job")
    return ended


def test_work_that_comes_in_while_the_pool_runs_is_read(db: Database, settings: Settings) -> None:
    with local_pool(settings) as pool:
        assert pool.pump() == 0
        job = submit(db, texts(10))
        n_ended = run_to_the_end(db, pool, job)
        later = submit(db, texts(20))
        n_ended += run_to_the_end(db, pool, later)
    assert n_ended == 20
    assert {status for status, _ in stored(db, later).values()} == {"done"}
    assert store.live_workers(db, 60) == []


def test_documents_that_kill_or_block_their_process_fail_alone(db: Database, settings: Settings) -> None:
    limited = make_settings(settings.database_url, time_limit_s=1.0, max_losses=1)
    job = submit(db, [*texts(5), "Alan @kill", "Ada @stuck", "Grace @memory"])
    with local_pool(limited) as pool:
        run_to_the_end(db, pool, job)
    assert failures(db, job) == {
        "005.txt": "worker_lost",
        "006.txt": "worker_lost",
        "007.txt": "out_of_memory",
    }
    assert store.job_progress(db, job).states[ExtractionStatus.DONE] == 5


def test_a_killed_process_is_replaced_and_its_batch_read_again(
    db: Database, settings: Settings, gates: Gates
) -> None:
    job = submit(db, ["Ada waits @wait", *texts(11)])
    with local_pool(settings) as pool:
        wait_until(lambda: pool.pump(0.1) >= 0 and gates.arrived(), what="a reader at the gate")
        os.kill(gates.arrived()[0], signal.SIGKILL)
        gates.open()
        run_to_the_end(db, pool, job)
    assert failures(db, job) == {}
    assert store.job_progress(db, job).states[ExtractionStatus.DONE] == 12


def test_leaving_by_ctrl_c_gives_the_work_back(db: Database, settings: Settings, gates: Gates) -> None:
    job = submit(db, ["Ada waits @wait", *texts(11)])

    def interrupt_at_the_gate() -> None:
        with local_pool(settings) as pool:
            wait_until(lambda: pool.pump(0.1) >= 0 and gates.arrived(), what="a reader at the gate")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt_at_the_gate()
    progress = store.job_progress(db, job)
    assert progress.states[ExtractionStatus.RUNNING] == 0
    assert progress.states[ExtractionStatus.QUEUED] >= 4
    given_back = store.announce(db, 99)
    assert len(given_back) == progress.states[ExtractionStatus.QUEUED]
    assert not any(row.alone for row in given_back)


def test_leaving_the_block_lets_batches_in_hand_finish(
    db: Database, settings: Settings, gates: Gates
) -> None:
    job = submit(db, ["Ada waits @wait", "Grace"])
    with local_pool(settings) as pool:
        wait_until(lambda: pool.pump(0.1) >= 0 and gates.arrived(), what="a reader at the gate")
        assert n_running(db, job) == 2
        gates.open()
    assert is_finished(db, job)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_processes_end_with_their_parent_and_give_their_work_back(
    db: Database, settings: Settings, gates: Gates, gate_folder: Path, how: signal.Signals
) -> None:
    job = submit(db, ["Ada waits @wait", *texts(3)])
    with running_worker(settings, gates=gate_folder, run="serve_locally") as parent:
        wait_until(lambda: gates.arrived(), what="a reader at the gate")
        children = parent.model_processes()
        assert children
        parent.signal(how)
        parent.wait()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert alive == []
    assert n_running(db, job) == 0
    assert [row.alone for row in store.announce(db, 99)] == [False] * 4


@pytest.mark.parametrize("open_model", [die_importing, die_opening])
def test_processes_that_cannot_start_are_an_error_and_not_a_loop(
    db: Database, settings: Settings, open_model: OpenModel
) -> None:
    submit(db, texts(4))
    with pytest.raises(ServiceError, match="dies as it starts"), local_pool(settings, open_model) as pool:
        wait_until(lambda: pool.pump(0.2) > 0, what="the error")


def test_a_model_that_cannot_be_opened_ends_the_job(db: Database, settings: Settings) -> None:
    job = submit(db, texts(2))
    with local_pool(settings, open_nothing) as pool:
        run_to_the_end(db, pool, job)
    assert set(failures(db, job).values()) == {"model_unavailable"}
