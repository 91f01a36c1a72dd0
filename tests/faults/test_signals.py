"""Ctrl-C and SIGTERM in the middle of each long command: a quick end, its exit code, and nothing to repair."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import NERQ, PATIENCE_S, environment, run, write_documents
from tests.queue_work import make_settings, n_running, running_worker, submit, texts, wait_finished
from tests.readers import Gates
from tests.samples import RUN, claimed, new_job, result
from tests.services import RedisServer, wait_until
from tests.training import make_options
from worker import store
from worker.errors import EXIT_INTERRUPTED, NotFoundError
from worker.store import Database, ExtractionStatus

pytestmark = pytest.mark.timeout(400)
both = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
#: More sources than the submit stores at a time: the first of them are stored before the last is read.
N_FILES = 300


class Command:
    """A command as a process; what it says on standard error is heard while it runs."""

    def __init__(self, *arguments: str, **settings: str) -> None:
        self.said = ""
        self._process = subprocess.Popen(
            [*NERQ, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(**settings),
            # Where the tests run in the background, SIGINT is ignored, and would be by the command.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def wait_for(self, words: str) -> None:
        def is_over() -> bool:
            return words in self.said or self._process.poll() is not None

        wait_until(is_over, 2 * PATIENCE_S, f"{words!r} on standard error")
        assert words in self.said

    def interrupted_by(self, number: signal.Signals) -> int:
        """The exit code after a signal."""
        self._process.send_signal(number)
        code = self._process.wait(PATIENCE_S)
        self._listener.join(PATIENCE_S)
        return code

    def remove(self) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join(PATIENCE_S)
        for pipe in (self._process.stdin, self._process.stderr):
            assert pipe
            pipe.close()

    def _listen(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self.said += line


class Starter:
    """Starts commands, and ends those that a failed test leaves."""

    def __init__(self) -> None:
        self.commands: list[Command] = []

    def __call__(self, *arguments: str, **settings: str) -> Command:
        self.commands.append(Command(*arguments, **settings))
        return self.commands[-1]


@pytest.fixture
def start() -> Iterator[Starter]:
    starter = Starter()
    yield starter
    for command in starter.commands:
        command.remove()


@pytest.fixture
def db(sqlite_url: str) -> Iterator[Database]:
    database = store.open_database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def queue(redis_server: RedisServer, tiny_checkpoint: Path) -> dict[str, str]:
    return {"NERQ_BROKER": redis_server.url, "NERQ_MODEL": str(tiny_checkpoint)}


def n_in(db: Database, job: int, status: str) -> int:
    """Extractions of the job in this state; 0 before there is a job."""
    try:
        return store.job_progress(db, job).states[ExtractionStatus(status)]
    except NotFoundError:
        return 0


@pytest.mark.parametrize(
    ("number", "broker"),
    [(signal.SIGINT, True), (signal.SIGTERM, True), (signal.SIGINT, False)],
    ids=["SIGINT, queued", "SIGTERM, queued", "SIGINT, embedded"],
)
def test_a_submit_that_still_reads(
    db: Database, queue: dict[str, str], start: Starter, tmp_path: Path, number: signal.Signals, broker: bool
) -> None:
    """It waits for the end of its standard input, when part of the folder is stored."""
    settings = queue if broker else {"NERQ_MODEL": queue["NERQ_MODEL"]}
    write_documents(tmp_path / "many", {f"{i:03}.txt": f"Letter {i} from Anna." for i in range(N_FILES)})
    command = start("submit", "many", "-", **settings)
    wait_until(lambda: n_in(db, 1, "queued") + n_in(db, 1, "done"), PATIENCE_S, "the first sources")
    assert command.interrupted_by(number) == EXIT_INTERRUPTED
    assert "submit the same again" in command.said
    assert "Traceback" not in command.said
    assert store.find_job(db, "1").closed_at is None
    assert n_in(db, 1, "running") == 0

    again = run("submit", "many", "-", "--json", stdin="Carl of Ghent", **settings)
    assert again.returncode == 0, again.stderr
    states = json.loads(again.stdout)["extractions"]
    assert states["queued" if broker else "done"] == N_FILES + 1
    assert sum(states.values()) == N_FILES + 1
    with db.read() as connection:
        assert set(connection.exec_driver_sql("SELECT losses FROM extraction").scalars()) == {0}


@pytest.mark.parametrize(
    ("number", "arguments"),
    [(signal.SIGINT, ("submit", "a.txt", "--wait")), (signal.SIGTERM, ("retry", "last", "--wait"))],
    ids=["submit", "retry"],
)
def test_one_who_waits_for_the_queue(
    db: Database,
    queue: dict[str, str],
    start: Starter,
    tmp_path: Path,
    number: signal.Signals,
    arguments: tuple[str],
) -> None:
    (tmp_path / "a.txt").write_text("Anna of Acme")
    if arguments[0] == "retry":
        run("submit", "a.txt", **queue)
    command = start(*arguments, **queue)
    command.wait_for("no worker is alive")
    assert command.interrupted_by(number) == EXIT_INTERRUPTED
    assert "to go on," in command.said
    assert n_in(db, 1, "queued") == 1
    store.finish(db, [result(one) for one in claimed(db, [1])], RUN)
    assert n_in(db, 1, "done") == 1


@both
def test_one_who_watches(db: Database, start: Starter, number: signal.Signals) -> None:
    new_job(db)
    command = start("status", "1", "--watch", NERQ_BROKER="redis://127.0.0.1:1/0")
    command.wait_for("no worker is alive")
    assert command.interrupted_by(number) == EXIT_INTERRUPTED
    assert "Interrupted." in command.said
    assert "Traceback" not in command.said
    assert n_in(db, 1, "queued") == 1


@both
def test_a_worker_finishes_what_it_reads(
    db: Database,
    sqlite_url: str,
    redis_server: RedisServer,
    gates: Gates,
    gate_folder: Path,
    number: signal.Signals,
) -> None:
    settings = make_settings(sqlite_url, redis_server.url)
    job = submit(db, ["Ada waits @wait", *texts(7)])
    with running_worker(settings, gates=gate_folder) as worker:
        wait_until(lambda: gates.arrived(), PATIENCE_S, "a reader at the gate")
        assert n_running(db, job) == 4
        worker.signal(number)
        gates.open()
        assert worker.wait(PATIENCE_S) == 0
    assert n_in(db, job, "done") >= 4
    assert n_running(db, job) == 0
    with running_worker(settings):
        wait_finished(db, job)
    with db.read() as connection:
        rows = connection.exec_driver_sql("SELECT status, attempt, losses FROM extraction").all()
    assert {tuple(row) for row in rows} == {("done", 1, 0)}


def test_a_training_run_that_is_terminated_goes_on_after_its_last_epoch(
    tmp_path: Path, start: Starter
) -> None:
    options = make_options(tmp_path, epochs=200)
    files = ["--train", str(options.train[0]), "--dev", str(options.dev), "--base", options.base]
    sizes = ["--epochs", "200", "--batch-pieces", "200", "--max-words", "30", "--max-pieces", "40"]
    command = start("train", *files, *sizes, "--output", "mine", "--threads", "1")
    command.wait_for("epoch 2:")
    assert command.interrupted_by(signal.SIGTERM) == EXIT_INTERRUPTED
    assert "The same command goes on after epoch" in command.said
    assert not Path("mine").exists()


def test_an_evaluation_that_is_interrupted_keeps_nothing(
    db: Database, start: Starter, tmp_path: Path, tiny_checkpoint: Path
) -> None:
    lines = [
        json.dumps({"text": f"{i} Anna of Acme wrote to Bob. " * 3000, "entities": []}) for i in range(40)
    ]
    (tmp_path / "gold.jsonl").write_text("\n".join(lines))
    command = start(
        "evaluate",
        "--model",
        str(tiny_checkpoint),
        "--gold",
        "gold.jsonl",
        "--report",
        "page.html",
        NERQ_THREADS="1",
    )
    command.wait_for("Reading")
    assert command.interrupted_by(signal.SIGTERM) == EXIT_INTERRUPTED
    assert "Traceback" not in command.said
    assert not Path("page.html").exists()
    assert list(store.list_evaluations(db)) == []
