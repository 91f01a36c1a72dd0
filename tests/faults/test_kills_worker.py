"""kill -9 at every moment of a batch's way through workers: the rows are those of a clean run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.crash_points import Crash, Victim
from tests.faults.outcome import clean_outcome, outcome
from tests.queue_work import make_settings, running_worker, submit, texts, wait_finished
from tests.services import RedisServer
from worker.settings import Settings
from worker.store import Database

#: A dozen processes start one after the other: on a busy machine that takes long.
pytestmark = pytest.mark.timeout(600)
PATIENCE_S = 300.0

GIVEN = texts(24)
#: From the first moment of a batch in a model process to the last.
OF_A_BATCH = (
    "before claim",
    "after claim",
    "after recognition",
    "in the transaction of finish",
    "after commit",
    "before ack",
)
#: Of a worker that sends, receives, and looks after what others have lost.
OF_A_WORKER = (
    "between announcing and sending",
    "before sending again",
    "after sending",
    "between pop and unacked",
    "at ack",
    "after claim",  # its model process dies: there is something to reclaim
    "in the transaction of reclaim",
    "between reclaim and sending",
)


@pytest.fixture
def settings(postgres_url: str, redis_server: RedisServer) -> Settings:
    # So many kills in a row are not one document's fault.
    return make_settings(postgres_url, redis_server.url, max_losses=99)


def test_a_model_process_killed_at_every_moment_of_a_batch(
    db: Database, settings: Settings, tmp_path: Path
) -> None:
    job = submit(db, GIVEN)
    crash = Crash(tmp_path, *OF_A_BATCH)
    with running_worker(settings, prefix=crash.prefix):
        wait_finished(db, job, PATIENCE_S)
    assert crash.is_over, crash.struck()
    assert outcome(db, job) == clean_outcome(tmp_path, GIVEN)


@pytest.mark.parametrize(
    ("points", "victim"),
    [
        # The model process lives on for a moment, and gives its batch back.
        (("after claim", "in the transaction of finish", "before ack"), Victim.PARENT),
        (OF_A_BATCH[1:], Victim.ALL),
        (OF_A_WORKER, Victim.SELF),
    ],
    ids=["alone", "with their model processes", "as they send, receive and recover"],
)
def test_workers_killed_one_after_the_other_at_every_moment(
    db: Database, settings: Settings, points: tuple[str, ...], victim: Victim, tmp_path: Path
) -> None:
    job = submit(db, GIVEN)
    crash = Crash(tmp_path, *points, victim=victim)
    while not crash.is_over:
        with running_worker(settings, prefix=crash.prefix) as worker:
            worker.wait(PATIENCE_S)
    with running_worker(settings):
        wait_finished(db, job, PATIENCE_S)
    assert outcome(db, job) == clean_outcome(tmp_path, GIVEN)
