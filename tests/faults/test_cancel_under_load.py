"""Cancel and retry, again and again, while workers read: a cancel holds at once, the last retry brings all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.queue_work import (
    clean_run,
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
from worker.settings import Settings
from worker.store import Database, ExtractionStatus

N_PROCESSES = 2
#: After each of the texts at which a process waits. What follows the last of them no process can come to.
N_TEXTS = 100
N_ROUNDS = 3


@pytest.fixture
def settings(database_url: str, redis_server: RedisServer) -> Settings:
    return make_settings(database_url, redis_server.url, processes=N_PROCESSES)


@pytest.mark.timeout(400)
def test_no_entity_comes_after_a_cancel_and_all_after_the_last_retry(
    db: Database, settings: Settings, gates: Gates, gate_folder: Path, tmp_path: Path
) -> None:
    given = [text for i in range(N_PROCESSES) for text in (f"Ada waits @wait {i}", *texts(N_TEXTS))]
    given = [f"{i}: {text}" for i, text in enumerate(given)]  # an equal text would be read once
    job = submit(db, given)
    with running_worker(settings, gates=gate_folder):
        for round_ in range(N_ROUNDS):
            wait_until(lambda: len(gates.arrived()) == N_PROCESSES, 100, "every process at a gate")
            cancelled = store.cancel_job(db, job)
            seen = stored(db, job)
            assert cancelled > N_PROCESSES
            assert n_running(db, job) == 0
            assert {status for status, _ in seen.values()} == {"done", "cancelled"}
            gates.open()  # those at the gates bring what they have found: too late
            wait_until(gates.all_passed, 100, "nobody at a gate")
            # What was in the workers' hands is over when they have read as much again for someone else.
            other = submit(db, [f"Round {round_}: {text}" for text in texts(60)])
            wait_finished(db, other)
            assert stored(db, job) == seen
            gates.close()
            assert store.retry_job(db, job) == cancelled
        gates.open()
        wait_finished(db, job, 200)
    assert stored(db, job) == clean_run(tmp_path, given)


@pytest.mark.timeout(400)
def test_a_cancel_while_all_read_at_full_speed_holds_too(
    db: Database, settings: Settings, tmp_path: Path
) -> None:
    given = texts(400)
    job = submit(db, given)
    with running_worker(settings):
        wait_until(lambda: n_done(db, job) > 0, 100, "the first that is done")
        cancelled = store.cancel_job(db, job)  # or none, where the workers were faster than this test
        seen = stored(db, job)
        other = submit(db, [f"Then {text}" for text in texts(60)])
        wait_finished(db, other)
        assert stored(db, job) == seen
        assert store.retry_job(db, job) == cancelled
        wait_finished(db, job, 200)
    assert stored(db, job) == clean_run(tmp_path, given)


def n_done(db: Database, job: int) -> int:
    return store.job_progress(db, job).states[ExtractionStatus.DONE]
