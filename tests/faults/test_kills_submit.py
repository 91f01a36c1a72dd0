"""kill -9 of `nerq submit` to a queue: what it had stored is read, and the same submit goes on where it was."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from cli.intake import CHUNK_SOURCES
from tests.command_line import PATIENCE_S, run, write_documents
from tests.faults.crash_points import Crash
from tests.faults.outcome import clean_submit, outcome
from tests.queue_work import make_settings, running_worker, texts
from tests.readers import open_reader
from tests.services import RedisServer, wait_until
from worker import store
from worker.settings import Settings
from worker.store import Database

pytestmark = pytest.mark.timeout(600)

#: More than one chunk of a submit.
N_DOCUMENTS = 300
POINTS = (
    "in the transaction of submit",
    "between insert and announcing",
    "between announcing and sending",
    "after sending",
)


@pytest.fixture
def settings(postgres_url: str, redis_server: RedisServer) -> Settings:
    return make_settings(postgres_url, redis_server.url, batch_documents=64)


def test_a_submit_killed_at_every_moment_and_given_again(
    db: Database, settings: Settings, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    given = {f"{i:03}.txt": text for i, text in enumerate(texts(N_DOCUMENTS))}
    folder = write_documents(tmp_path / "letters", given)
    variables = {
        "NERQ_DATABASE": settings.database_url,
        "NERQ_BROKER": str(settings.broker_url),
        "NERQ_MODEL": str(tiny_checkpoint),  # for which workers here take another reader
    }
    crash = Crash(tmp_path, *POINTS)
    n_sources = []
    while not crash.is_over:
        killed = run("submit", str(folder), **variables, **crash.environment)
        assert killed.returncode == -signal.SIGKILL
        n_sources.append(len(outcome(db)["source"]))
    assert n_sources == [0, CHUNK_SOURCES, 2 * CHUNK_SOURCES, 2 * CHUNK_SOURCES + N_DOCUMENTS]

    with running_worker(settings):
        wait_until(lambda: is_idle(db), PATIENCE_S, "the end of all that was stored")
    again = run("submit", str(folder), **variables)
    assert again.returncode == 0
    assert is_idle(db), "nothing is left to read"

    clean = settings.model_copy(update={"model": str(tiny_checkpoint)})
    assert outcome(db, job=5) == clean_submit(tmp_path, folder, clean, open_reader)


def is_idle(db: Database) -> bool:
    work = store.open_work(db)
    return work.n_queued + work.n_running == 0
