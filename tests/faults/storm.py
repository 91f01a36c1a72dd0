"""A storm: processes killed, Redis emptied, PostgreSQL crashed, at random moments of a job; and what it cost."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import psutil

from tests.faults.outcome import Outcome, clean_outcome, outcome
from tests.queue_work import WorkerProcess, running_worker, submit, texts
from tests.services import PostgresServer, RedisServer, wait_until
from worker import store
from worker.errors import NerqError
from worker.settings import Settings
from worker.store import Database, ExtractionStatus

PATIENCE_S = 600.0
N_DOCUMENTS = 300
N_WORKERS = 3


class Fault(StrEnum):
    """What strikes."""

    MODEL_PROCESS = "model process killed"
    WORKER = "worker killed"
    BOTH = "worker killed with its model processes"
    REDIS_EMPTIED = "Redis emptied"
    REDIS_KILLED = "Redis killed, started again empty"
    POSTGRESQL = "PostgreSQL crashed, started again"


@dataclass
class Toll:
    """How many faults struck how many documents, and how many of these differ from a clean run."""

    faults: Counter[str] = field(default_factory=Counter)
    n_documents: int = 0
    n_lost: int = 0  #: some row of theirs is missing
    n_doubled: int = 0  #: some row of theirs is there more often than it should be
    n_wrong: int = 0  #: they have a row that a clean run does not have

    def add(self, other: Toll) -> None:
        """Count another storm in."""
        self.faults += other.faults
        self.n_documents += other.n_documents
        self.n_lost += other.n_lost
        self.n_doubled += other.n_doubled
        self.n_wrong += other.n_wrong

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs."""
        return self.n_lost == self.n_doubled == self.n_wrong == 0


class Storm:
    """Three workers, and faults that come after so many documents each: in the midst of the work, on any machine.

    Args:
        settings: of workers with many allowed losses: so many deaths are not one document's fault.
        redis: the broker of the settings.
        postgres: the server of their database.
        seed: of what strikes, whom, and when.
    """

    def __init__(self, settings: Settings, redis: RedisServer, postgres: PostgresServer, seed: int) -> None:
        self._settings = settings
        self._redis = redis
        self._postgres = postgres
        self._chance = random.Random(seed)  # noqa: S311 - no secret

    def rage(self, db: Database, n_faults: int, folder: Path) -> Toll:
        """Read documents in the storm until all are done, and compare what is stored with a clean run."""
        given = texts(N_DOCUMENTS)
        job = submit(db, given)
        moments = sorted(self._chance.sample(range(N_DOCUMENTS - 20), n_faults))
        faults = self._chance.choices(list(Fault), weights=[4, 4, 4, 2, 2, 2], k=n_faults)
        with ExitStack() as self._stack:
            self._workers = [self._start() for _ in range(N_WORKERS)]
            for moment, fault in zip(moments, faults, strict=True):
                wait_until(lambda: _n_done(db, job) >= moment, PATIENCE_S, f"{moment} documents")  # noqa: B023
                self._strike(fault)
            wait_until(lambda: _n_done(db, job) == N_DOCUMENTS, PATIENCE_S, "the last document")
        toll = compare(outcome(db, job), clean_outcome(folder, given))
        toll.faults = Counter(faults)
        return toll

    def _strike(self, fault: Fault) -> None:
        if fault is Fault.REDIS_EMPTIED:
            self._redis.flush()
        elif fault is Fault.REDIS_KILLED:
            self._redis.kill()
            self._redis.start()
        elif fault is Fault.POSTGRESQL:
            self._postgres.kill()
            self._postgres.start()
        else:
            self._kill(fault, self._chance.randrange(N_WORKERS))

    def _kill(self, fault: Fault, i: int) -> None:
        """A worker that was killed is started again at once."""
        worker = self._workers[i]
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if fault is Fault.MODEL_PROCESS:
                for process in worker.model_processes():
                    process.kill()
                return
            if fault is Fault.WORKER:
                worker.signal(signal.SIGKILL)
            else:
                os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self._workers[i] = self._start()

    def _start(self) -> WorkerProcess:
        return self._stack.enter_context(running_worker(self._settings, "open_slow_reader"))


def compare(found: Outcome, clean: Outcome) -> Toll:
    """In how many documents what was found differs from a clean run, and how."""
    lost: set[str] = set()
    doubled: set[str] = set()
    wrong: set[str] = set()
    for table, rows in clean.items():
        there, should = Counter(found[table]), Counter(rows)
        lost |= _texts(should - there)
        extra = there - should
        doubled |= _texts(row for row in extra if row in should)
        wrong |= _texts(row for row in extra if row not in should)
    return Toll(Counter(), len(clean["document"]), len(lost), len(doubled), len(wrong))


def _texts(rows: Iterable[tuple[object, ...]]) -> set[str]:
    return {str(row[0]) for row in rows}  # the hash of the text


def _n_done(db: Database, job: int) -> int:
    try:
        return store.job_progress(db, job).states[ExtractionStatus.DONE]
    except NerqError:
        return -1  # the database starts again
