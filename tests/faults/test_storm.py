"""A storm: worker processes killed at random while they read; what is stored is what a clean run stores."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from tests.faults.crash_points import Victim
from tests.faults.outcome import clean_outcome, outcome
from tests.queue_work import WorkerProcess, make_settings, running_worker, submit, texts, wait_finished
from tests.services import RedisServer, wait_until
from worker import store
from worker.settings import Settings
from worker.store import Database, ExtractionStatus

pytestmark = pytest.mark.timeout(900)
PATIENCE_S = 600.0

N_DOCUMENTS = 300
N_WORKERS = 3
#: A longer or another storm: STORM_KILLS=100 STORM_SEED=7 pytest tests/faults/test_storm.py
N_KILLS = int(os.environ.get("STORM_KILLS", "12"))
SEED = int(os.environ.get("STORM_SEED", "20261124"))


@pytest.fixture
def settings(postgres_url: str, redis_server: RedisServer) -> Settings:
    # So many kills are not one document's fault.
    return make_settings(postgres_url, redis_server.url, max_losses=99)


@pytest.fixture
def db(settings: Settings) -> Iterator[Database]:
    database = store.open_database(settings.database_url)
    yield database
    database.close()


class Workers:
    """Some workers; one that was killed is started again at once."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._all = [self._start() for _ in range(N_WORKERS)]

    def strike(self, chance: random.Random) -> None:
        """Kill a worker, its model process, or both."""
        i = chance.randrange(N_WORKERS)
        worker, victim = self._all[i], chance.choice(list(Victim))
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if victim is Victim.SELF:
                for process in worker.model_processes():
                    process.kill()
                return
            if victim is Victim.PARENT:
                worker.signal(signal.SIGKILL)
            else:
                os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self._all[i] = self._start()

    def _start(self) -> WorkerProcess:
        return self._stack.enter_context(running_worker(self._settings, "open_slow_reader"))


@pytest.mark.parametrize("seed", [SEED])
def test_a_storm_of_kills_leaves_what_a_clean_run_leaves(
    db: Database, settings: Settings, seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    given = texts(N_DOCUMENTS)
    job = submit(db, given)
    # Each kill comes once so many more are done: in the midst of the work, however fast the machine is.
    moments = sorted(chance.sample(range(N_DOCUMENTS - 20), N_KILLS))
    with ExitStack() as stack:
        workers = Workers(settings, stack)
        for moment in moments:
            wait_until(lambda: n_done(db, job) >= moment, PATIENCE_S, f"{moment} documents")  # noqa: B023
            workers.strike(chance)
        wait_finished(db, job, PATIENCE_S)
    assert outcome(db, job) == clean_outcome(tmp_path, given)


def n_done(db: Database, job: int) -> int:
    return store.job_progress(db, job).states[ExtractionStatus.DONE]
