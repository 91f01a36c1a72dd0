"""Work for the queue's tests: texts in, what is stored out, and `nerq worker` as a process of its own."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.readers import FACTS, GATES, open_reader
from tests.services import wait_until
from worker import store
from worker.log import set_up_logging
from worker.queue.boot import run_worker
from worker.queue.extract import extract_batch
from worker.queue.local_pool import LocalPool
from worker.queue.model_cache import ModelCache, OpenModel
from worker.queue.slots import Slot
from worker.settings import Settings, load_settings
from worker.store import Database, ExtractionStatus, ModelFacts, NewDocument, NewSource

ROOT = Path(__file__).parents[1]
#: Seconds after which a job will not end any more.
_POLL_S = 60.0


def make_settings(database_url: str, broker: str | None = None, **values: Any) -> Settings:
    """Settings under which a recovery takes moments."""
    quick = {"recovery_s": 0.5, "resend_s": 3.0, "batch_documents": 4, "lease_s": 60.0, "processes": 1}
    return Settings(database=database_url, broker=broker, **{**quick, **values})


def texts(n: int) -> list[str]:
    """Distinct texts with some entities each."""
    names = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald"]
    return [f"On day {i} {names[i % 6]} met {names[(i // 6) % 6]} in Town{i}." for i in range(n)]


def submit(db: Database, given: Iterable[str], model: ModelFacts = FACTS) -> int:
    """A closed job over these texts; nothing is announced yet."""
    job = store.create_job(db, None, model, {})
    sources = [
        NewSource(path=f"{i:03}.txt", document=NewDocument(hashlib.sha256(t.encode()).hexdigest(), t))
        for i, t in enumerate(given)
    ]
    store.add_sources(db, job, sources)
    store.close_job(db, job, {})
    return job


def is_finished(db: Database, job: int) -> bool:
    return store.job_progress(db, job).finished_at is not None


def wait_finished(db: Database, job: int, timeout_s: float = _POLL_S) -> None:
    wait_until(lambda: is_finished(db, job), timeout_s, "the end of the job")


def stored(db: Database, job: int) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """Path -> status and entities of everything in a job: equal for equal outcomes."""
    return {
        row.path: (row.status.value, tuple((e.start, e.end, e.label, e.text, e.score) for e in row.entities))
        for row in store.job_documents(db, job)
    }


def clean_run(folder: Path, given: Sequence[str]) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """What is stored of these texts when nothing goes wrong; a gate at which one waits must be open."""
    with clean_database(folder, given) as (db, job):
        return stored(db, job)


@contextmanager
def clean_database(
    folder: Path, given: Sequence[str], model: ModelFacts = FACTS
) -> Iterator[tuple[Database, int]]:
    """A database, and the job in it that read these texts in one batch while nothing went wrong."""
    settings = make_settings(f"sqlite:///{folder}/clean.db")
    db = store.open_database(settings.database_url)
    job = submit(db, given, model)
    models = ModelCache(settings, Slot(None, 1), open_reader)
    extract_batch(db, [row.id for row in store.announce(db, len(given))], models, settings, "clean:1:1")
    yield db, job
    db.close()


def failures(db: Database, job: int) -> dict[str, str]:
    """Path -> error code."""
    return {row.path: row.code for row in store.job_errors(db, job)}


def n_running(db: Database, job: int) -> int:
    return store.job_progress(db, job).states[ExtractionStatus.RUNNING]


class WorkerProcess:
    """A process group of its own that reads with a reader of tests/readers.py, or of another `module:opener`."""

    def __init__(
        self,
        settings: Settings,
        opener: str,
        gates: Path | None = None,
        run: str = "serve_queue",
        prefix: Sequence[str] = (),
    ) -> None:
        self.log_path = Path(tempfile.mkstemp(suffix=".log")[1])
        module, _, name = opener.rpartition(":")
        reader = f"from {module or 'tests.readers'} import {name} as o"
        code = f"{reader}; from tests.queue_work import {run} as run; run(o)"
        with self.log_path.open("w") as log:
            self._process = subprocess.Popen(
                [*prefix, sys.executable, "-c", code],
                env={**os.environ, **_environment(settings), GATES: str(gates), "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def log(self) -> str:
        return self.log_path.read_text()

    def model_processes(self) -> list[psutil.Process]:
        """Its children that read."""
        children = psutil.Process(self.pid).children()
        return [child for child in children if any("spawn_main" in part for part in child.cmdline())]

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, timeout_s: float = 30.0) -> int:
        """The exit status."""
        return self._process.wait(timeout_s)

    def remove(self) -> None:
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait(10)
        self.log_path.unlink()


@contextmanager
def running_worker(
    settings: Settings,
    opener: str = "open_reader",
    gates: Path | None = None,
    run: str = "serve_queue",
    prefix: Sequence[str] = (),
) -> Iterator[WorkerProcess]:
    """A worker for the length of a block; `prefix` is the command that starts its own."""
    worker = WorkerProcess(settings, opener, gates, run, prefix)
    try:
        yield worker
    finally:
        worker.remove()


def serve_queue(open_model: OpenModel) -> None:
    """`nerq worker`, as a WorkerProcess."""
    settings = load_settings()
    set_up_logging(settings)
    sys.exit(run_worker(settings, gpus="none", open_model=open_model))


def serve_locally(open_model: OpenModel) -> None:
    """A local pool until its process is stopped, as a WorkerProcess."""
    settings = load_settings()
    set_up_logging(settings)
    with LocalPool(settings, gpus="none", open_model=open_model) as pool:
        while True:
            pool.pump(0.2)


def _environment(settings: Settings) -> Mapping[str, str]:
    values = {name: getattr(settings, name) for name in settings.model_fields_set}
    secrets = {"database": settings.database_url, "broker": settings.broker_url}
    return {f"NERQ_{name.upper()}": str(value) for name, value in {**values, **secrets}.items() if value}
