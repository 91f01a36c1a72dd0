"""`nerq submit` and what follows it, embedded: a SQLite file, no Redis, a real model in processes of its own."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from cli.submission import open_model
from tests.command_line import (
    NERQ,
    PATIENCE_S,
    Terminal,
    environment,
    invoke,
    json_lines,
    run,
    write_documents,
)
from tests.samples import new_job
from tests.services import wait_until
from worker import store
from worker.errors import NotFoundError

TEXTS = {
    "anna.txt": "Anna Weiß met Bob in Paris.\r\nThey talked about Acme.\n",
    "deep/er/acme.md": "Acme Corp. of Berlin \u202eis old.\n",
    "empty.txt": "",
    "copy.txt": "Acme Corp. of Berlin \u202eis old.\n",
    "records.jsonl": '{"id": "r1", "text": "Carl of Ghent"}\n{"id": "r2"}\nno json\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Good files, bad files, and files that are passed over."""
    documents = write_documents(tmp_path / "letters", TEXTS)
    (documents / "broken.txt").write_bytes(b"\xff\xfe\x00\xd8\x01")
    (documents / "scan.png").write_bytes(b"\x89PNG")
    (documents / ".hidden").write_text("nobody reads this")
    return documents


def test_a_folder_becomes_entities(folder: Path, tiny_checkpoint: Path) -> None:
    submitted = run("submit", str(folder), "--name", "first", "--json", NERQ_MODEL=str(tiny_checkpoint))
    assert submitted.returncode == 1, submitted.stderr  # some could not be read
    answer = json.loads(submitted.stdout)
    assert answer["job"] == 1
    assert answer["state"] == "done"
    assert answer["sources"] == 8
    assert answer["failures"] == {"undecodable": 1, "missing_text": 1, "bad_json": 1}
    assert answer["skipped"] == {".png": 1, "hidden": 1}
    assert answer["extractions"] == {"queued": 0, "running": 0, "done": 4, "failed": 0, "cancelled": 0}
    assert answer["submitted"]["new"] == 4  # one text is there twice

    rows = json_lines(invoke("entities", "--job", "first", "--json").stdout)
    assert len(rows) == answer["entities"] > 0
    letter = json.loads(invoke("show", "anna.txt", "--json").stdout)
    assert letter["text"] == TEXTS["anna.txt"]
    assert all(letter["text"][one["start"] : one["end"]] == one["text"] for one in letter["entities"])
    assert "](" in invoke("show", "anna.txt").stdout
    assert "\\u202e" in invoke("show", "acme.md").stdout

    errors = json_lines(invoke("errors", "first", "--json").stdout)
    assert {(row["path"].rpartition("/")[2], row["record"], row["code"]) for row in errors} == {
        ("broken.txt", None, "undecodable"),
        ("records.jsonl", "r2", "missing_text"),
        ("records.jsonl", "3", "bad_json"),
    }

    again = run("submit", str(folder), NERQ_MODEL=str(tiny_checkpoint))
    assert again.returncode == 1
    assert "4 done before" in again.stdout
    assert "Nothing new: 4 documents were done before." in again.stderr
    assert json_lines(invoke("entities", "--job", "last", "--json").stdout) == rows

    listed = json_lines(invoke("status", "--json").stdout)
    assert [(row["job"], row["state"], row["entities"]) for row in listed] == [
        (2, "done", len(rows)),
        (1, "done", len(rows)),
    ]

    gold = folder.parent / "gold.jsonl"
    spans = [{key: entity[key] for key in ("start", "end", "label")} for entity in letter["entities"]]
    gold.write_text(json.dumps({"text": letter["text"], "entities": spans}) + "\n")
    evaluated = json.loads(invoke("evaluate", "first", "--gold", str(gold), "--json").stdout)
    assert (evaluated["f1"], evaluated["n_gold"]) == (1.0, len(spans))


def test_standard_input(tiny_checkpoint: Path) -> None:
    result = run("submit", "-", "--model", str(tiny_checkpoint), stdin=TEXTS["anna.txt"])
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Job 1: done\n")
    assert "nerq entities --job 1" in result.stderr
    assert "━" not in result.stderr  # a bar is for terminals
    assert "\x1b" not in result.stderr + result.stdout
    assert json.loads(invoke("show", "-", "--json").stdout)["text"] == TEXTS["anna.txt"]


def test_what_does_not_exist_stops_before_anything_is_stored(tmp_path: Path, tiny_checkpoint: Path) -> None:
    (tmp_path / "a.txt").write_text("Anna")
    result = run("submit", "a.txt", "nope", "--model", str(tiny_checkpoint))
    assert result.returncode == 4
    assert "nope: no such file or folder" in result.stderr
    assert invoke("status").exit_code == 4  # there is not even a database


def test_a_model_that_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Anna")
    result = run("submit", "a.txt", "--model", "nope")
    assert result.returncode == 3
    assert "nope" in result.stderr
    assert result.stdout == ""
    assert not Path("nerq.db").exists()


def test_a_dry_run_stores_nothing(folder: Path) -> None:
    result = run("submit", str(folder), "--dry-run", "--json")
    answer = json.loads(result.stdout)
    assert result.returncode == 1
    assert (answer["sources"], answer["failures"]["bad_json"], answer["skipped"][".png"]) == (8, 1, 1)
    assert not Path("nerq.db").exists()


def test_a_folder_without_documents_makes_no_job(tmp_path: Path, tiny_checkpoint: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.png").write_bytes(b"\x89PNG")
    result = run("submit", "scans", "--model", str(tiny_checkpoint))
    assert result.returncode == 0
    assert "Nothing to read; skipped: 1 .png" in result.stderr
    assert invoke("status").stdout == ""


def test_a_bar_is_shown_in_a_terminal_and_gone_at_the_end(folder: Path, tiny_checkpoint: Path) -> None:
    with Terminal("submit", str(folder), "--model", str(tiny_checkpoint), columns=120) as terminal:
        terminal.read_until("Extracting")
        assert terminal.finish() == 1
    assert "━" in terminal.seen
    assert "0/7" in terminal.seen or "3/7" in terminal.seen
    assert "Job 1: done, 3 failed" in terminal.seen
    assert "Traceback" not in terminal.seen


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Seconds of work after the first document, so that an interruption comes in the middle on any machine."""
    texts = {f"{i:03}.txt": f"Letter {i} from Anna to Bob of Acme. " * 500 for i in range(20)}
    return write_documents(tmp_path / "many", texts)


def test_ctrl_c_says_how_to_go_on_and_the_same_submit_does(
    many: Path, sqlite_url: str, tiny_checkpoint: Path
) -> None:
    model = {"NERQ_MODEL": str(tiny_checkpoint), "NERQ_BATCH_DOCUMENTS": "1"}
    with Terminal("submit", str(many), columns=120, **model) as terminal:
        wait_until(lambda: _count(sqlite_url, "done"), PATIENCE_S, "the first extraction")
        terminal.press("\x03")
        assert terminal.finish() == 130
    assert "submit the same again" in terminal.seen
    assert "Traceback" not in terminal.seen
    assert _count(sqlite_url, "running") == 0
    assert _count(sqlite_url, "queued") + _count(sqlite_url, "done") == 20

    result = run("submit", str(many), "--json", **model)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["extractions"]["done"] == 20


def test_retry_does_what_was_cancelled(sqlite_url: str, tiny_checkpoint: Path) -> None:
    database = store.open_database(sqlite_url)
    job_id = new_job(database, ["Anna of Acme", "Bob of Acme"], model=open_model(str(tiny_checkpoint)))
    assert store.cancel_job(database, job_id) == 2
    database.close()

    result = run("retry", "1", "--json")
    assert result.returncode == 0, result.stderr
    assert "2 extractions queued again" in result.stderr
    assert json.loads(result.stdout)["extractions"]["done"] == 2


def test_a_terminated_submit_gives_its_work_back(
    many: Path, sqlite_url: str, tiny_checkpoint: Path, request: pytest.FixtureRequest
) -> None:
    settings = environment(NERQ_MODEL=str(tiny_checkpoint), NERQ_BATCH_DOCUMENTS="1")
    started = subprocess.Popen([*NERQ, "submit", str(many)], env=settings, stderr=subprocess.PIPE, text=True)
    request.addfinalizer(started.kill)
    wait_until(lambda: _count(sqlite_url, "done"), PATIENCE_S, "the first extraction")
    started.send_signal(signal.SIGTERM)
    _, talk = started.communicate(timeout=PATIENCE_S)
    assert started.returncode == 130
    assert "Traceback" not in talk
    assert _count(sqlite_url, "running") == 0


def _count(url: str, status: str) -> int:
    """Extractions of the first job in this state; 0 before there is a job."""
    database = store.open_database(url)
    try:
        return store.job_progress(database, 1).states[store.ExtractionStatus(status)]
    except NotFoundError:
        return 0
    finally:
        database.close()
