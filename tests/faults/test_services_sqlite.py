"""A SQLite file that many write at once, is locked, read-only or on a full disk: clear words, and nothing lost."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.command_line import PATIENCE_S, environment, invoke, write_documents
from tests.queue_work import clean_run, stored, texts
from tests.readers import Gates
from tests.services import wait_until
from worker import store
from worker.store import Database, database, open_database

#: `nerq` as it is, but that its model processes read with the instant reader.
_NERQ = """
import functools, sys
from cli.main import nerq
from tests.readers import open_reader
from worker.queue import local_pool
local_pool.LocalPool = functools.partial(local_pool.LocalPool, open_model=open_reader)
if __name__ == "__main__":
    nerq.main(sys.argv[1:])
"""

pytestmark = pytest.mark.timeout(300)  # many processes start


class Here:
    """A folder in which `nerq` is called, with a database file in it."""

    def __init__(self, folder: Path, checkpoint: Path) -> None:
        self.folder = folder
        self._settings = {
            "NERQ_MODEL": str(checkpoint),
            "NERQ_BATCH_DOCUMENTS": "4",
            "NERQ_RECOVERY_S": "0.5",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", _NERQ, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=environment(**self._settings),
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and what is said on standard error."""
        return ended(self.start(*arguments))

    @contextlib.contextmanager
    def opened(self) -> Iterator[Database]:
        db = open_database(f"sqlite:///{self.folder}/nerq.db")
        yield db
        db.close()

    def stored(self, job: int) -> dict[str, object]:
        """What is stored of a job, by the names of its files."""
        with self.opened() as db:
            return {Path(path).name: row for path, row in stored(db, job).items()}


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate(timeout=PATIENCE_S)
    return process.returncode, said


def documents(folder: Path, given: Sequence[str], first: int = 0) -> str:
    """The texts as files; the folder as an argument."""
    return str(write_documents(folder, {f"{i:03}.txt": text for i, text in enumerate(given, first)}))


@pytest.fixture
def here(tmp_path: Path, tiny_checkpoint: Path) -> Here:
    return Here(tmp_path, tiny_checkpoint)


def test_eight_submits_at_once_read_everything_once(here: Here, tmp_path: Path) -> None:
    """Each has documents of its own, and all have some in common."""
    given = texts(48)
    common = documents(tmp_path / "common", given[:16])
    own = [documents(tmp_path / f"own{n}", given[16 + 4 * n :][:4], 16 + 4 * n) for n in range(8)]
    commands = [here.start("submit", common, folder, "--quiet") for folder in own]
    results = [ended(command) for command in commands]
    assert [code for code, _ in results] == [0] * 8, results
    expected = clean_run(tmp_path, given)
    for job in range(1, 9):
        rows = here.stored(job)
        assert len(rows) == 20
        assert rows == {name: expected[name] for name in rows}
    with here.opened() as db:
        n_entities = sum(1 for _ in store.find_entities(db, store.EntityQuery()))
    assert n_entities == sum(len(entities) for _, entities in expected.values())


class TestLocked:
    @pytest.fixture
    def lock(self, sqlite_url: str) -> Iterator[sqlite3.Connection]:
        """Someone who writes, and does not come to an end."""
        path = sqlite_url.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield other

    def test_a_command_says_so_and_later_does_it(
        self,
        here: Here,
        lock: sqlite3.Connection,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        tiny_checkpoint: Path,
    ) -> None:
        given = texts(6)
        folder = documents(tmp_path / "letters", given)
        monkeypatch.setattr(database, "SQLITE_BUSY_S", 0.2)
        monkeypatch.setenv("NERQ_MODEL", str(tiny_checkpoint))
        refused = invoke("submit", folder)
        assert (refused.exit_code, refused.stderr) == (3, "Error: The database is busy: database is locked\n")
        assert invoke("status").exit_code == 0, "readers are not in the way of a writer"
        lock.execute("ROLLBACK")
        assert here.run("submit", folder)[0] == 0
        assert here.stored(1) == clean_run(tmp_path, given)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
class TestDisk:
    """A disk of two megabytes, of which some are soon full."""

    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        folder = tmp_path / "disk"
        folder.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "nerq-test", folder], capture_output=True, text=True
        )
        if mounted.returncode:
            pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
        yield folder
        subprocess.run(["umount", folder], check=True)

    @pytest.fixture
    def here(self, disk: Path, tiny_checkpoint: Path) -> Here:
        return Here(disk, tiny_checkpoint)

    def remount(self, disk: Path, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)

    def test_what_does_not_fit_is_told_and_read_when_there_is_room(
        self, here: Here, disk: Path, tmp_path: Path
    ) -> None:
        given = [text + " and so on" * 100_000 for text in texts(4)]
        folder = documents(tmp_path / "letters", given)
        code, said = here.run("submit", folder)
        assert code == 3, said
        assert "Error: The database cannot go on: database or disk is full\n" in said
        self.remount(disk, "size=64m")
        assert here.run("submit", folder, "--quiet")[0] == 0
        assert here.stored(2) == clean_run(tmp_path, given)

    def test_a_disk_that_fills_up_while_documents_are_read_costs_none_of_them(
        self, here: Here, disk: Path, gates: Gates, tmp_path: Path
    ) -> None:
        given = ["Ada waits @wait", *[f"{text}\n" * 300 for text in texts(11)]]
        folder = documents(tmp_path / "letters", given)
        command = here.start("submit", folder)
        wait_until(gates.arrived, PATIENCE_S, "a reader at the gate")
        ballast = disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        gates.open()
        code, said = ended(command)
        assert code == 3, said
        assert "disk is full" in said
        ballast.unlink()
        self.remount(disk, "size=64m")
        assert here.run("submit", folder, "--quiet")[0] == 0
        assert here.stored(2) == clean_run(tmp_path, given)

    def test_a_read_only_disk_is_told(self, here: Here, disk: Path, tmp_path: Path) -> None:
        folder = documents(tmp_path / "letters", texts(2))
        assert here.run("submit", folder, "--quiet")[0] == 0
        self.remount(disk, "ro")
        for command in (["submit", folder], ["status"]):
            code, said = here.run(*command)
            assert code == 3
            assert "SQLite writes beside it, even to read" in said
        self.remount(disk, "rw")
        assert here.run("submit", folder, "--quiet")[0] == 0

    def test_a_read_only_file_is_told_and_can_be_read(self, here: Here, disk: Path, tmp_path: Path) -> None:
        folder = documents(tmp_path / "letters", texts(2))
        assert here.run("submit", folder, "--quiet")[0] == 0
        file = disk / "nerq.db"
        subprocess.run(["mount", "--bind", file, file], check=True)
        try:
            subprocess.run(["mount", "-o", "remount,bind,ro", file], check=True)
            code, said = here.run("submit", folder)
            assert (code, said) == (
                3,
                "Error: The database cannot go on: attempt to write a readonly database\n",
            )
            assert here.run("status")[0] == 0
        finally:
            subprocess.run(["umount", file], check=True)
        assert here.run("submit", folder, "--quiet")[0] == 0
