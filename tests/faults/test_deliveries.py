"""Messages that Redis loses or delivers twice, and workers that come back from the dead: rows are stored once."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.faults.crash_points import Crash, Victim
from tests.faults.outcome import clean_outcome, outcome
from tests.queue_work import (
    make_settings,
    n_running,
    running_worker,
    submit,
    texts,
    wait_finished,
)
from tests.readers import Gates
from tests.services import RedisServer, wait_until
from worker.queue.app import BrokerQueue, QueueState, make_app
from worker.queue.dispatch import dispatch
from worker.settings import Settings
from worker.store import Database
from worker.store.schema import extraction

pytestmark = pytest.mark.timeout(400)
PATIENCE_S = 120.0


@pytest.fixture
def settings(postgres_url: str, redis_server: RedisServer) -> Settings:
    return make_settings(postgres_url, redis_server.url)


def attempts(db: Database) -> list[tuple[int, str]]:
    """How often each extraction was begun, and by whom at last."""
    with db.read() as connection:
        rows = connection.execute(extraction.select().order_by(extraction.c.id))
        return [(row.attempt, row.worker) for row in rows]


def test_a_message_that_is_lost_on_its_way_out_of_redis_is_sent_again(
    db: Database, settings: Settings, tmp_path: Path
) -> None:
    given = texts(4)
    job = submit(db, given)
    queue = BrokerQueue.of(settings)
    dispatch(db, settings, queue)
    crash = Crash(tmp_path, "between pop and unacked")
    with running_worker(settings, prefix=crash.prefix) as worker:
        assert worker.wait(PATIENCE_S) == -signal.SIGKILL
    assert queue.state() == QueueState(n_waiting=0, n_taken=0), "the message is in no one's hands"
    with running_worker(settings):
        wait_finished(db, job, PATIENCE_S)
    assert outcome(db, job) == clean_outcome(tmp_path, given)
    assert [n for n, _ in attempts(db)] == [1] * 4


def test_a_batch_that_redis_delivers_twice_is_read_once(
    db: Database, settings: Settings, gates: Gates, gate_folder: Path, tmp_path: Path
) -> None:
    given = ["Ada waits @wait", *texts(3)]
    job = submit(db, given)
    queue = BrokerQueue.of(settings)
    with running_worker(settings.model_copy(update={"processes": 2}), gates=gate_folder):
        wait_until(lambda: gates.arrived(), PATIENCE_S, "the batch at the gate")
        wait_until(lambda: queue.state() == QueueState(n_waiting=0, n_taken=1), what="its message in hand")

        def is_taken_again() -> bool:
            time_out(settings)
            return queue.state() == QueueState(n_waiting=0, n_taken=0)

        wait_until(is_taken_again, PATIENCE_S, "a second reader that finds nothing to claim")
        assert n_running(db, job) == 4
        gates.open()
        wait_finished(db, job, PATIENCE_S)
    assert outcome(db, job) == clean_outcome(tmp_path, given)
    assert [n for n, _ in attempts(db)] == [1] * 4


def time_out(settings: Settings) -> None:
    """Put back what is in hand, as happens to a batch that takes longer than the visibility timeout."""
    app = make_app(settings)
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "visibility_timeout": 0}
    with app.connection_for_read() as connection:
        connection.default_channel.qos.restore_visible(interval=1)


def test_a_worker_that_wakes_up_after_its_lease_stores_nothing(
    db: Database, settings: Settings, tmp_path: Path
) -> None:
    given = texts(4)
    job = submit(db, given)
    short = settings.model_copy(update={"lease_s": 1.0, "max_losses": 99})
    sleep = Crash(tmp_path, "before finish", victim=Victim.ALL, number=signal.SIGSTOP)
    with running_worker(short, prefix=sleep.prefix) as sleeper:
        wait_until(lambda: sleep.is_over, PATIENCE_S, "a worker that sleeps with results in its hands")
        with running_worker(settings) as other:
            wait_finished(db, job, PATIENCE_S)
            finished = attempts(db)
            rows = outcome(db, job)
            os.killpg(sleeper.pid, signal.SIGCONT)
            wait_until(lambda: "batch done" in sleeper.log(), PATIENCE_S, "the late result")
            assert "done=0" in sleeper.log()
            readers = {str(child.pid) for child in other.model_processes()}
        assert {name.split(":")[1] for _, name in finished} == readers
        later = submit(db, texts(8)[4:])
        wait_finished(db, later, PATIENCE_S)
    assert attempts(db)[:4] == finished
    assert outcome(db, job)["source"] == rows["source"]
    assert rows == clean_outcome(tmp_path, given)
