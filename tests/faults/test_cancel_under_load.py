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

#: Enough that no worker has read them all before the cancel comes.
N_TEXTS = 400
N_ROUNDS = 3


@pytest.fixture
def settings(database_url: str, redis_server: RedisServer) -> Settings:
    return make_settings(database_url, redis_server.url, processes=2)


def n_done(db: Database, job: int) -> int:
    return store.job_progress(db, job).states[ExtractionStatus.DONE]


@pytest.mark.timeout(400)
def test_no_entity_comes_after_a_cancel_and_all_after_the_last_retry(
    db: Database, settings: Settings, gates: Gates, gate_folder: Path, tmp_path: Path
) -> None:
    given = ["Ada waits @wait", *texts(N_TEXTS)]
    job = submit(db, given)
    with running_worker(settings, gates=gate_folder):
        wait_until(lambda: gates.arrived() and n_done(db, job), 100, "one who reads, beside one at the gate")
        for round_ in range(N_ROUNDS):
            cancelled = store.cancel_job(db, job)
            seen = stored(db, job)
            assert cancelled > 0
            assert n_running(db, job) == 0
            assert {status for status, _ in seen.values()} == {"done", "cancelled"}
            gates.open()  # the one at the gate brings what it has found: too late
            # What was in the workers' hands is over when they have read as much again for someone else.
            other = submit(db, [f"{round_}: {text}" for text in texts(60)])
            wait_finished(db, other)
            assert stored(db, job) == seen
            before = n_done(db, job)
            assert store.retry_job(db, job) == cancelled
            wait_until(lambda: n_done(db, job) > before, 100, "more that is done")  # noqa: B023
        wait_finished(db, job, 200)
    assert stored(db, job) == clean_run(tmp_path, given)
