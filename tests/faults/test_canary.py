"""No word of a document is anywhere but in the columns made for texts and entities; names of files are in theirs."""

from __future__ import annotations

import json
import resource
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.command_line import NERQ, PATIENCE_S, environment, run, write_documents
from tests.faults.canary import (
    FILE,
    RECORD,
    TEXT,
    Eavesdropper,
    columns_with,
    everything_in,
    files_with,
    found,
    shown_by,
)
from tests.faults.flower import OPEN, Flower, running_flower
from tests.queue_work import make_settings, running_worker, wait_finished
from tests.readers import Gates
from tests.services import RedisServer, wait_until
from worker import store
from worker.settings import Settings

ALL = (TEXT, FILE, RECORD)
GOOD = f"Dear {TEXT}, Ada of Acme writes."
#: Each fails in its own way, the last one not at all: it waits, so that one can look around meanwhile.
TROUBLE = {
    "kill": "worker_lost",
    "device": "worker_lost",
    "quote": "internal_error",
    "bug": "internal_error",
    "hoard": "out_of_memory",
    "refused": "not_stored",
    "wait": None,
}


@pytest.fixture
def settings(database_url: str, redis_server: RedisServer) -> Settings:
    form = "text" if database_url.startswith("sqlite") else "json"
    return make_settings(
        database_url, redis_server.url, max_losses=1, processes=2, log_level="DEBUG", log_format=form
    )


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where every process of the test puts its temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Readable ones, unreadable ones, and those that are trouble for the one who reads them."""
    texts = {f"{FILE}-{kind}.txt": f"{TEXT} is in @{kind} with {TEXT}." for kind in TROUBLE}
    folder = write_documents(tmp_path / "letters", {**texts, f"{FILE}.txt": GOOD})
    (folder / f"{FILE}-guessed.txt").write_bytes(f"{TEXT} à Besançon, été où déjà naïve".encode("cp1252") * 9)
    (folder / f"{FILE}-broken.txt").write_bytes(b"\xff\xfe" + TEXT.encode("utf-16-le") + b"\x00\xd8\x01")
    (folder / f"{FILE}-damaged.txt").write_bytes(
        TEXT.encode() * 50 + "é".encode() * 50 + b"\xff\xc3" + TEXT.encode()
    )
    (folder / f"{FILE}.pdf").write_bytes(b"%PDF" + TEXT.encode())
    records = [json.dumps({"id": RECORD, "text": GOOD + "!"}), json.dumps({"id": RECORD, "body": TEXT})]
    broken = f'{{"id": "{RECORD}", "text": "{TEXT}\n["{TEXT}"]\n{TEXT}\n'
    (folder / f"{FILE}.jsonl").write_text("\n".join([*records, broken]))
    return folder


@pytest.mark.timeout(400)
def test_words_of_documents_are_in_their_columns_and_nowhere_else(
    settings: Settings,
    redis_server: RedisServer,
    documents: Path,
    temporary: Path,
    tiny_checkpoint: Path,
    tmp_path: Path,
    gates: Gates,
    gate_folder: Path,
) -> None:
    environment = {
        "NERQ_DATABASE": settings.database_url,
        "NERQ_BROKER": str(settings.broker_url),
        "NERQ_MODEL": str(tiny_checkpoint),
        "NERQ_LOG_LEVEL": "DEBUG",
        "NERQ_LOG_FORMAT": settings.log_format,
    }
    db = store.open_database(settings.database_url)
    told = []

    def tell(*arguments: str) -> str:
        """Run a command; what it says on both streams."""
        done = run(*arguments, **environment)
        assert done.returncode in (0, 1), done.stderr
        assert "unexpectedly" not in done.stderr
        told.append(done.stdout + done.stderr)
        return told[-1]

    with (
        redis_server.client() as client,
        Eavesdropper(redis_server.url) as redis,
        running_flower(redis_server.url, tmp_path / "flower.log") as flower,
    ):
        wait_until(client.pubsub_numpat, PATIENCE_S, "Flower's ear for events")
        tell("submit", str(documents))
        lying = list(everything_in(client))
        assert any(b"extract_batch" in value for value in lying), "no message lies in Redis"
        assert not found(b"\n".join(lying), *ALL)
        with running_worker(settings, "tests.faults.leaky:open_leaky", gate_folder) as worker:
            wait_until(lambda: gates.arrived(), 100, "a reader at the gate")
            shown = shown_by(psutil.Process(worker.pid))
            lying = list(everything_in(client))
            gates.open()
            wait_finished(db, 1, 200)
            shown += shown_by(psutil.Process(worker.pid))
            log = worker.log()
            wait_until(flower.knows_the_end_of_all, PATIENCE_S, "the end of each batch, seen by Flower")
        shown += shown_by(psutil.Process(flower.pid))
        pages = _pages_for_the_password_only(flower)
        assert len(shown) > 1000
        assert not found(shown, *ALL)
        assert not found(b"\n".join(lying), *ALL)
        assert "exception" in log
        assert not found(log, *ALL)
        assert not found(pages, *ALL)
        assert "worker.queue.flower" in shown
        assert not found(flower.log(), *ALL)
    assert {"LPUSH", "BRPOP", "PUBLISH"} <= redis.commands(), "messages and events went by"
    assert not found("\n".join(redis.heard), *ALL)

    failures = {row.path.rpartition("-")[2].removesuffix(".txt"): row.code for row in store.job_errors(db, 1)}
    assert failures.items() >= {kind: code for kind, code in TROUBLE.items() if code}.items()
    assert (failures["broken"], failures["damaged"]) == ("undecodable", "undecodable")
    (tmp_path / "gold.jsonl").write_text(json.dumps({"text": GOOD, "entities": [[5, 16, "PER"]]}) + "\n")
    tell("evaluate", "1", "--gold", str(tmp_path / "gold.jsonl"))
    tell("doctor")
    tell("status", "1")
    tell("status", "1", "--json")
    tell("cancel", "1")
    assert not found("\n".join(told), *ALL)
    assert found(tell("errors", "1"), *ALL) == [FILE, RECORD], "what failed is named, not quoted"

    assert columns_with(db, *ALL) == {
        (TEXT, "document", "text"),
        (TEXT, "entity", "text"),
        (TEXT, "entity", "name"),
        (FILE, "source", "path"),
        (RECORD, "source", "record"),
    }
    db.close()
    assert files_with(temporary, *ALL) == []


def _pages_for_the_password_only(flower: Flower) -> str:
    """All that Flower shows; without the password nobody is shown a batch."""
    paths = flower.paths()
    answers = {path: flower.get(path) for path in paths}
    assert {status for status, _ in answers.values()} == {200}
    assert flower.workers(), "a sign of life"
    batches = [page for path, (_, page) in answers.items() if path.startswith("/task/")]
    assert all("extractions" in page for page in batches), "the arguments of each batch are shown"
    assert "WorkerLostError" in "\n".join(batches), "so is how it failed"
    for login in (None, "nerq:guessed"):
        assert [path for path in paths if flower.get(path, login)[0] != 401] == list(OPEN)
    return "\n".join(page for _, page in answers.values())


def test_a_crash_leaves_no_image_of_the_memory(
    sqlite_url: str, redis_server: RedisServer, request: pytest.FixtureRequest
) -> None:
    """Whatever limit the shell has: the processes of a command are under that of the command."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    if most == 0:
        pytest.skip("no process may leave a core file here")
    worker = subprocess.Popen(
        [*NERQ, "worker", "--gpus", "none", "--processes", "1"],
        env=environment(NERQ_DATABASE=sqlite_url, NERQ_BROKER=redis_server.url),
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)),
    )
    request.addfinalizer(worker.wait)
    request.addfinalizer(worker.terminate)
    db = store.open_database(sqlite_url)
    wait_until(lambda: store.live_workers(db, 60), PATIENCE_S, "a model process")
    for process in (psutil.Process(worker.pid), *psutil.Process(worker.pid).children()):
        assert process.rlimit(psutil.RLIMIT_CORE)[0] == 0
    db.close()
