"""The command as a process: what it imports, how fast it starts, and a reader that leaves."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import NERQ, Terminal, environment, run, write_documents
from tests.samples import finish_all, new_job, new_source
from tests.services import RedisServer, free_port, missing_service
from worker import store

#: Runs the command line, then names on standard error those of the heavy libraries that were imported.
_IMPORTS = """
import sys
from cli.main import nerq
try:
    nerq.main(sys.argv[1:])
finally:
    loaded = {name.partition(".")[0] for name in sys.modules}
    heavy = loaded & {"torch", "transformers", "sqlalchemy", "celery", "rich"}
    sys.stderr.write("\\nloaded:" + " ".join(sorted(heavy)))
"""


#: Runs the command line, then tells on standard error how much memory it took at most, in kilobytes (Linux).
_PEAK = """
import resource, sys
from cli.main import nerq
try:
    nerq.main(sys.argv[1:])
finally:
    sys.stderr.write("\\npeak:" + str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
"""


def _loaded(*arguments: str, **settings: str) -> set[str]:
    command = [sys.executable, "-c", _IMPORTS, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment(**settings))
    return set(result.stderr.rpartition("loaded:")[2].split())


@pytest.fixture
def filled(sqlite_url: str) -> Iterator[store.Database]:
    """The database in this folder with one document read."""
    database = store.open_database(sqlite_url)
    new_job(database, [new_source("a.txt", "Anna of Acme")])
    finish_all(database, ["Anna"])
    yield database
    database.close()


def test_help_imports_nothing_heavy() -> None:
    assert _loaded("--help") == set()
    assert _loaded("submit", "--help") == set()
    assert _loaded("train", "--help") == set()


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("command", ["status", "entities", "errors last", "show 1", "models", "doctor"])
def test_asking_needs_no_torch(command: str) -> None:
    assert not _loaded(*command.split()) & {"torch", "transformers"}


def test_help_is_there_at_once() -> None:
    def cpu_seconds(*command: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], capture_output=True, check=True, env=environment())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # Processor time, since others may be busy on this machine; beside what a bare interpreter takes.
    assert cpu_seconds("-m", "cli", "--help") - cpu_seconds("-c", "pass") < 0.3


def test_submit_to_a_queue_loads_no_torch_and_returns(
    tmp_path: Path, redis_server: RedisServer, tiny_checkpoint: Path
) -> None:
    (tmp_path / "a.txt").write_text("Anna of Acme")
    settings = {"NERQ_BROKER": redis_server.url, "NERQ_MODEL": str(tiny_checkpoint)}
    assert not _loaded("submit", "a.txt", **settings) & {"torch", "transformers"}
    status = run("status", "last", **settings)
    assert "1 queued" in status.stdout
    assert "no worker is alive: start one with `nerq worker`" in status.stderr


def test_many_files_need_no_more_memory_than_few(tmp_path: Path, tiny_checkpoint: Path) -> None:
    text = "Anna of Acme wrote to Bob. " * 600
    write_documents(tmp_path / "many", {f"{i % 30}/{i}.txt": f"{i} {text}" for i in range(3000)})  # 48 MB
    settings = {"NERQ_BROKER": f"redis://127.0.0.1:{free_port()}/0", "NERQ_MODEL": str(tiny_checkpoint)}

    def peak_mb(path: Path) -> float:
        command = [sys.executable, "-c", _PEAK, "submit", str(path)]
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=100, env=environment(**settings)
        )
        return int(result.stderr.rpartition("peak:")[2]) / 1000

    few = peak_mb(tmp_path / "many" / "1")
    assert peak_mb(tmp_path / "many") < few + 20


def test_submit_while_redis_is_away_stores_and_warns(
    tmp_path: Path, redis_server: RedisServer, tiny_checkpoint: Path
) -> None:
    (tmp_path / "a.txt").write_text("Anna of Acme")
    redis_server.kill()
    settings = {"NERQ_BROKER": redis_server.url, "NERQ_MODEL": str(tiny_checkpoint)}
    result = run("submit", "a.txt", **settings)
    assert result.returncode == 0, result.stderr
    assert "Warning: " in result.stderr
    assert "The work is stored" in result.stderr
    assert "1 queued" in result.stdout
    doctor = run("doctor", **settings)
    assert doctor.returncode == 3
    assert "FAIL  broker" in doctor.stdout


def test_doctor_looks_at_redis(redis_server: RedisServer, tiny_checkpoint: Path) -> None:
    settings = {"NERQ_BROKER": redis_server.url, "NERQ_MODEL": str(tiny_checkpoint)}
    result = run("doctor", **settings)
    assert "ok    broker      Redis" in result.stdout
    assert "ok    model" in result.stdout


def test_a_reader_that_leaves_is_no_error(filled: store.Database) -> None:
    text = "Anna " * 20_000
    new_job(filled, [new_source("long.txt", text)])
    (extraction,) = store.claim(filled, [row.id for row in store.announce(filled, 1)], "w", 60).extractions  # type: ignore[union-attr]
    entities = [store.NewEntity(i, i + 4, "PER", "Anna", 0.9) for i in range(0, len(text), 5)]
    done = store.Finished(extraction.id, extraction.attempt, entities, 1, 1, 1, 1, 0.1)
    store.finish(filled, [done], store.RunFacts("w", "torch", "fp32", "0"))
    for form in ("table", "jsonl", "csv"):
        command = [*NERQ, "entities", "--format", form]
        started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        assert started.stdout is not None
        assert started.stdout.readline()
        started.stdout.close()
        assert started.stderr is not None
        assert started.stderr.read() == b""
        started.stderr.close()
        assert started.wait(60) == 0


@pytest.mark.usefixtures("filled")
class TestColour:
    def test_in_a_terminal(self) -> None:
        with Terminal("show", "a.txt") as terminal:
            assert terminal.finish() == 0
        assert "\x1b[" in terminal.seen
        assert "](PER)" not in terminal.seen

    @pytest.mark.parametrize("settings", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
    def test_not_where_it_is_not_wanted(self, settings: dict[str, str]) -> None:
        for command in (["show", "a.txt"], ["status"], ["doctor"], ["nope"], ["status", "99"]):
            with Terminal(*command, **settings) as terminal:
                terminal.finish()
            assert "\x1b" not in terminal.seen

    def test_not_in_a_pipe(self) -> None:
        assert run("show", "a.txt").stdout == "[Anna](PER) of Acme\n"


class TestPager:
    """A terminal of 40 lines, and a pager that says when it is asked."""

    @pytest.fixture
    def long(self, filled: store.Database) -> dict[str, str]:
        new_job(filled, [new_source("long.txt", "Anna came.\n" * 100)])
        finish_all(filled, ["Anna"])
        Path("pager").write_text("#!/bin/sh\necho PAGED\ncat\n")
        Path("pager").chmod(0o755)
        return {"PAGER": str(Path("pager").absolute())}

    def test_a_long_text_goes_to_the_pager_with_its_colours(self, long: dict[str, str]) -> None:
        with Terminal("show", "long.txt", **long) as terminal:
            assert terminal.finish() == 0
        assert "PAGED" in terminal.seen
        assert terminal.seen.count("came.") == 100
        assert "\x1b[" in terminal.seen

    def test_not_where_it_is_not_wanted_or_needed(self, long: dict[str, str]) -> None:
        for command in (["show", "long.txt", "--no-pager"], ["show", "a.txt"]):
            with Terminal(*command, **long) as terminal:
                assert terminal.finish() == 0
            assert "PAGED" not in terminal.seen
        assert run("show", "long.txt", **long).stdout.count("came.") == 100

    @pytest.mark.usefixtures("long")
    def test_less_is_asked_and_shows_colours_whatever_it_was_told(self) -> None:
        if not shutil.which("less"):
            missing_service("no less")
        with Terminal("show", "long.txt", PAGER="", LESS="FX") as terminal:
            terminal.read_until(":")
            terminal.press("q")
            assert terminal.finish() == 0
        assert "ESC[" not in terminal.seen
        assert terminal.seen.count("came.") < 50


def test_a_table_fits_the_terminal(filled: store.Database) -> None:
    text = "A very long name of a very long company " * 10
    new_job(filled, [new_source("folder/" * 30 + "b.txt", text)])
    finish_all(filled, [text.strip()])
    with Terminal("entities", columns=90) as terminal:
        assert terminal.finish() == 0
    lines = [
        line.rstrip() for line in terminal.seen.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    ]
    assert len(lines) == 3
    assert all(len(line) <= 90 for line in lines)
    assert "…" in lines[2]
    assert "b.txt" in lines[2]  # of a path the end is kept


def test_odd_file_names_reach_no_terminal(filled: store.Database) -> None:
    new_job(filled, [new_source("\x1b]0;owned\x07.txt", "Bob")])
    finish_all(filled, ["Bob"])
    for command in (["entities"], ["entities", "--format", "csv"], ["entities", "--json"], ["show", "2"]):
        with Terminal(*command, NO_COLOR="1") as terminal:
            assert terminal.finish() == 0
        assert "\x1b" not in terminal.seen
        assert "\x07" not in terminal.seen


def test_an_encoding_that_lacks_letters_stops_no_answer(filled: store.Database) -> None:
    new_job(filled, [new_source("ж.txt", "Жанна 日本")])
    finish_all(filled, ["Жанна"])
    for arguments in (["entities"], ["entities", "--json"], ["show", "2"], ["show", "2", "--json"]):
        command = [*NERQ, *arguments]
        result = subprocess.run(command, capture_output=True, env=environment(PYTHONIOENCODING="latin-1"))
        assert result.returncode == 0
        assert b"\\u0416" in result.stdout


def test_a_settings_file_is_read(filled: store.Database) -> None:
    Path("nerq.toml").write_text('model = "nope"\n')
    assert "There is no model 'nope'" in run("doctor").stdout
