"""A folder of everything that people have is submitted in one command, and nothing in it stops the run."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import psutil
import pytest

from tests.command_line import PATIENCE_S, Terminal, environment, invoke, json_lines, run
from tests.faults.crash_points import Crash
from tests.mess import LINE, NAME, make_mess, pdf
from tests.services import wait_until
from worker import store
from worker.store.verification import job_sources

pytestmark = pytest.mark.timeout(300)


def with_record(path: str, record: str | None) -> str:
    return path if record is None else f"{path}#{record}"


def test_everything_readable_is_done_and_everything_else_has_a_reason(
    tmp_path: Path, tiny_checkpoint: Path, sqlite_url: str
) -> None:
    expected = {f"mess/{name}": code for name, code in make_mess(Path("mess"), tmp_path / "workshop").items()}
    submitted = run("submit", "mess", "--name", "mess", "--json", NERQ_MODEL=str(tiny_checkpoint))
    assert submitted.returncode == 1, submitted.stderr
    answer = json.loads(submitted.stdout)
    assert answer["state"] == "done"
    assert answer["extractions"]["failed"] == 0
    assert answer["skipped"] == {
        "hidden": 1,
        ".png": 2,
        "no suffix": 1,
        ".jar": 1,
        ".tar.gz": 1,
        "symlink": 1,
    }
    assert "mess/photo.png" in answer["skipped_examples"][".png"]
    assert {table["text_field"] for table in answer["tables"]} <= {"body", "text"}

    database = store.open_database(sqlite_url)
    found = {with_record(s.path, s.record): s.error_code for s in job_sources(database, answer["job"])}
    database.close()
    assert found == expected

    errors = json_lines(invoke("errors", "mess", "--json").stdout)
    assert {with_record(e["path"], e["record"]): e["code"] for e in errors} == {
        path: code for path, code in expected.items() if code
    }
    assert all(e["detail"].isprintable() and len(e["detail"]) > 8 for e in errors)
    assert not any(word in e["detail"] for e in errors for word in (*NAME.split(), "Secret"))

    for name in (
        "a.pdf",
        "lease.docx",
        "lease.odt",
        "lease.rtf",
        "lease.pdf",
        "lease.eml",
        "columns.pdf",
        "b.pdf",
    ):
        shown = json.loads(invoke("show", name, "--json").stdout)
        assert NAME in shown["text"], name
        assert all(shown["text"][one["start"] : one["end"]] == one["text"] for one in shown["entities"])

    verified = invoke("verify", "mess")
    assert verified.exit_code == 0, verified.output
    again = run("submit", "mess", NERQ_MODEL=str(tiny_checkpoint))
    assert "0 new" not in again.stdout
    assert "done before" in again.stdout


def test_a_reader_that_is_killed_once_costs_nothing(tmp_path: Path, tiny_checkpoint: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.pdf").write_bytes(pdf(f"{LINE} {name}"))
    crash = Crash(tmp_path, "in a reader")
    result = run(
        "submit", "in", "--json", **{**environment(NERQ_MODEL=str(tiny_checkpoint)), **crash.environment}
    )
    assert crash.is_over
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["extractions"]["done"] == 3


def test_a_file_that_kills_every_reader_fails_alone(tmp_path: Path, tiny_checkpoint: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(pdf(LINE))
    for name in "bc":
        (folder / f"{name}.txt").write_text(name)
    crash = Crash(tmp_path, "in a reader", "in the next reader")
    result = run(
        "submit", "in", "--json", **{**environment(NERQ_MODEL=str(tiny_checkpoint)), **crash.environment}
    )
    assert crash.is_over
    assert result.returncode == 1, result.stderr
    answer = json.loads(result.stdout)
    assert answer["failures"] == {"reader_crashed": 1}
    assert answer["extractions"]["done"] == 2
    (error,) = json_lines(invoke("errors", "1", "--json").stdout)
    assert error["path"] == "in/a.pdf"
    assert "SIGKILL" in error["detail"]


def test_ctrl_c_ends_the_processes_that_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    long = gzip.compress(b"Anna met Bob. " * 3_000_000, 1)  # seconds of work
    for number in range(40):
        (folder / f"{number}.txt.gz").write_bytes(long)
    with Terminal("submit", "in", "--dry-run") as terminal:
        command = psutil.Process(terminal.process.pid)
        wait_until(lambda: len(readers_of(command)) > 1, PATIENCE_S, "processes that read")
        found = readers_of(command)
        terminal.press("\x03")
        assert terminal.finish() == 130
    assert "Traceback" not in terminal.seen
    assert [process for process in found if process.is_running()] == []


def readers_of(command: psutil.Process) -> list[psutil.Process]:
    return [p for p in command.children() if any("spawn_main" in part for part in p.cmdline())]
