"""`nerq submit --watch-folder`: files are taken as they come, each once, whatever happens to the process."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import NERQ, PATIENCE_S, Terminal, environment, invoke, json_lines, write_documents
from tests.services import RedisServer, wait_until


class Watching:
    """A `nerq submit --watch-folder` that runs."""

    def __init__(self, model: Path, *arguments: str, **settings: str) -> None:
        command = [*NERQ, "submit", "inbox", "--watch-folder", "--every", "0.1", "--json", *arguments]
        self.process = subprocess.Popen(
            command,
            env=environment(NERQ_MODEL=str(model), **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, by: signal.Signals = signal.SIGTERM) -> tuple[int, dict[str, Any]]:
        """The exit code and the answer, if there is one."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        answer, talk = self.process.communicate(timeout=PATIENCE_S)
        assert "Traceback" not in talk
        return self.process.returncode, json.loads(answer or "{}")

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return write_documents(tmp_path / "inbox", {"anna.txt": "Anna of Acme wrote to Bob."})


@pytest.fixture
def watch(
    inbox: Path,
    tiny_checkpoint: Path,
    sqlite_url: str,
    redis_server: RedisServer,
    request: pytest.FixtureRequest,
) -> Callable[..., Watching]:
    """Starts one that queues what it takes; there is no worker, so a test waits for no model."""

    def start(*arguments: str, **settings: str) -> Watching:
        watching = Watching(tiny_checkpoint, *arguments, NERQ_BROKER=redis_server.url, **settings)
        request.addfinalizer(watching.kill)
        return watching

    return start


def sources(job: str = "1") -> int:
    """Sources of the job so far; 0 before there is one."""
    result = invoke("status", job, "--json")
    return int(json.loads(result.stdout)["sources"]) if result.exit_code == 0 else 0


def wait_taken(n: int, job: str = "1") -> None:
    wait_until(lambda: sources(job) >= n, PATIENCE_S, f"{n} sources of job {job}")


def test_files_are_taken_as_they_come_each_once_over_restarts(
    inbox: Path, watch: Callable[..., Watching]
) -> None:
    watching = watch()
    wait_taken(1)
    (inbox / "broken.txt").write_bytes(b"\xff\xfe\x00\xd8\x01")
    (inbox / "scan.png").write_bytes(b"\x89PNG")
    (inbox / "records.jsonl").write_text('{"id": "1", "text": "Carl"}\n{"id": "1", "text": "Dora"}\n')
    wait_taken(4)
    code, answer = watching.end()
    assert code == 0
    assert (answer["job"], answer["sources"], answer["failures"]) == (1, 4, {"undecodable": 1})
    assert answer["state"] == "queued"

    (inbox / "bob.txt").write_text("Bob")
    (inbox / "anna.txt").write_text("Anna has more to say.")
    watching = watch()
    wait_taken(6)
    code, answer = watching.end()
    assert (code, answer["job"], answer["sources"], answer["submitted"]["new"]) == (0, 1, 6, 2)
    assert answer["skipped"] == {".png": 1}
    assert [Path(path).name for path in answer["skipped_examples"][".png"]] == ["scan.png"]
    assert len(json_lines(invoke("status", "--json").stdout)) == 1


def test_a_watch_that_is_killed_goes_on_where_it_was(inbox: Path, watch: Callable[..., Watching]) -> None:
    lines = [json.dumps({"id": "same", "text": f"Letter {i} from Anna"}) for i in range(2000)]
    (inbox / "records.jsonl").write_text("\n".join(lines))  # many transactions
    watching = watch()
    wait_taken(2)
    assert watching.end(signal.SIGKILL)[0] == -signal.SIGKILL
    watching = watch()
    wait_taken(2001)
    (inbox / "last.txt").write_text("Bob")
    wait_taken(2002)
    code, answer = watching.end()
    assert (code, answer["job"], answer["sources"]) == (0, 1, 2002)


def test_a_folder_that_is_away_for_a_while_is_waited_for(inbox: Path, watch: Callable[..., Watching]) -> None:
    watching = watch()
    wait_taken(1)
    away = inbox.rename(inbox.with_name("unmounted"))
    stderr = watching.process.stderr
    assert stderr is not None
    while "Waiting until it is back" not in (line := stderr.readline()):
        assert line, "it has ended"
    (away / "bob.txt").write_text("Bob")
    away.rename(inbox)
    wait_taken(2)
    assert watching.end()[1]["sources"] == 2


def test_a_cancelled_watch_ends_and_the_next_one_is_another_job(
    watch: Callable[..., Watching], inbox: Path
) -> None:
    watching = watch("--name", "mail")
    wait_taken(1, "mail")
    assert invoke("cancel", "mail").exit_code == 0
    (inbox / "bob.txt").write_text("Bob")
    _, talk = watching.process.communicate(timeout=PATIENCE_S)
    assert watching.process.returncode == 1
    assert "Job 1 was cancelled; nothing more is added to it." in talk
    refused = watch("--name", "mail")
    assert "choose another --name" in refused.process.communicate(timeout=PATIENCE_S)[1]
    watching = watch()
    wait_until(lambda: sources("last") == 2 or watching.process.poll() is not None, PATIENCE_S)
    code, answer = watching.end()
    assert (code, answer["name"], answer["sources"]) == (0, None, 2)


@pytest.mark.usefixtures("sqlite_url")
def test_without_a_broker_it_reads_what_it_takes_until_ctrl_c(tiny_checkpoint: Path, inbox: Path) -> None:
    arguments = ["submit", "inbox", "--watch-folder", "--every", "0.1"]
    with Terminal(*arguments, NERQ_MODEL=str(tiny_checkpoint), NERQ_PROCESSES="1") as terminal:
        terminal.read_until("1 source taken")
        terminal.read_until("Job 1: done; ")
        terminal.press("\x03")
        assert terminal.finish() == 0
    assert f"Job 1 watches {inbox}" in terminal.seen
    assert "Next: nerq entities --job 1" in terminal.seen
    assert "Traceback" not in terminal.seen
