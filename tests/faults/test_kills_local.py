"""kill -9 at every moment of `nerq submit` without a broker: the rows are those of a clean run."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.command_line import NERQ, environment, write_documents
from tests.faults.crash_points import Crash, Victim
from tests.faults.outcome import Outcome, clean_outcome, clean_submit, outcome
from tests.queue_work import make_settings, n_running, running_worker, submit, texts, wait_finished
from worker.settings import Settings
from worker.store import Database

pytestmark = pytest.mark.timeout(600)
LONG_S = 300.0

GIVEN = texts(24)
POINTS = (
    "before claim",
    "after claim",
    "after recognition",
    "in the transaction of finish",
    "after commit",
    "before the answer",
)


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    # So many kills in a row are not one document's fault.
    return make_settings(sqlite_url, max_losses=99)


def test_a_model_process_killed_at_every_moment_of_a_batch(
    db: Database, settings: Settings, tmp_path: Path
) -> None:
    job = submit(db, GIVEN)
    crash = Crash(tmp_path, *POINTS)
    with running_worker(settings, run="serve_locally", prefix=crash.prefix):
        wait_finished(db, job, LONG_S)
    assert crash.is_over, crash.struck()
    assert outcome(db, job) == clean_outcome(tmp_path, GIVEN)


@pytest.mark.parametrize(
    ("points", "victim"), [(POINTS[1:4], Victim.PARENT), (POINTS[2:], Victim.ALL)], ids=["alone", "together"]
)
def test_pools_killed_one_after_the_other_at_every_moment_of_a_batch(
    db: Database, settings: Settings, points: tuple[str, ...], victim: Victim, tmp_path: Path
) -> None:
    job = submit(db, GIVEN)
    crash = Crash(tmp_path, *points, victim=victim)
    while not crash.is_over:
        with running_worker(settings, run="serve_locally", prefix=crash.prefix) as pool:
            pool.wait(LONG_S)
    with running_worker(settings, run="serve_locally"):
        wait_finished(db, job, LONG_S)
    assert outcome(db, job) == clean_outcome(tmp_path, GIVEN)


def test_a_killed_submit_is_finished_by_the_same_submit(
    db: Database, settings: Settings, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    folder = write_documents(tmp_path / "letters", {f"{i}.txt": text for i, text in enumerate(texts(9))})
    model = {
        "NERQ_MODEL": str(tiny_checkpoint),
        "NERQ_PRECISION": "fp32",
        "NERQ_BATCH_DOCUMENTS": "4",
        "NERQ_RESEND_S": "1",
    }
    crash = Crash(tmp_path, "in the transaction of finish", victim=Victim.ALL)
    assert submit_folder(folder, **model, **crash.environment) == -signal.SIGKILL
    assert crash.is_over
    assert n_running(db, 1) > 0
    assert outcome(db)["entity"] == [], "all of a batch, or none"

    assert submit_folder(folder, **model) == 0
    clean = settings.model_copy(update={"model": str(tiny_checkpoint), "precision": "fp32"})
    found, expected = outcome(db, job=2), clean_submit(tmp_path, folder, clean)
    assert _scores(found) == pytest.approx(_scores(expected), abs=1e-5), "in other batches"
    assert found == expected


def submit_folder(folder: Path, **variables: str) -> int:
    """`nerq submit` as the head of a process group; its exit status."""
    command = [*NERQ, "submit", str(folder)]
    return subprocess.run(
        command, env=environment(**variables), start_new_session=True, timeout=LONG_S
    ).returncode


def _scores(found: Outcome) -> list[float]:
    """Taken out of the rows of entities."""
    scores = [row[-1] for row in found["entity"]]
    found["entity"] = [row[:-1] for row in found["entity"]]
    return scores
