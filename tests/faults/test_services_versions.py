"""A database and a nerq of different versions: everything refuses clearly, and nothing is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from sqlalchemy import text

from cli.main import COMMANDS
from tests.command_line import invoke
from tests.queue_work import clean_run, make_settings, running_worker, stored, submit, texts, wait_finished
from tests.readers import Gates
from tests.samples import MODEL, new_job
from tests.services import RedisServer, wait_until
from worker import store
from worker.errors import EXIT_UNAVAILABLE, SettingsError, TransientError
from worker.store import Database, migration, migration_state, open_database, upgrade_database
from worker.store.database import make_database

PATIENCE_S = 100.0

pytestmark = pytest.mark.timeout(300)  # beyond PATIENCE_S, on any machine
#: What the commands are called with; those that are not named here are about a job.
ARGUMENTS = {
    "doctor": [],
    "entities": [],
    "evaluate": ["last", "--gold", "gold.jsonl"],
    "evaluations": [],
    "export": ["last", "--format", "jsonl"],
    "models": [],
    "redact": ["last", "--output", "copies"],
    "report": ["last", "--output", "report.html"],
    "show": ["a.txt"],
    "status": [],
    "submit": ["letters"],
    "worker": [],
}
#: They have no use for a database, or are the remedy.
NEEDS_NONE = {"completion", "config", "data", "db", "train"}
#: What a later version of nerq may do to a table: a column that it alone knows how to fill.
LATER = "ALTER TABLE extraction ADD COLUMN cost INTEGER CHECK (status <> 'done' OR cost IS NOT NULL)"


def set_version(url: str, version: str, *statements: str) -> None:
    """What an upgrade by another version of nerq leaves behind."""
    database = make_database(url)
    with database.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
    database.close()


class TestCommands:
    @pytest.fixture
    def letters(
        self,
        sqlite_url: str,
        redis_server: RedisServer,
        tiny_checkpoint: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A database with a job, and all that commands could ask for."""
        Path("letters").mkdir()
        Path("letters", "b.txt").write_text("Anna")
        Path("gold.jsonl").write_text('{"text": "Anna", "entities": [[0, 4, "PER"]]}\n')
        database = open_database(sqlite_url)
        new_job(database, ["a.txt"])
        database.close()
        for name, value in {"BROKER": redis_server.url, "MODEL": str(tiny_checkpoint)}.items():
            monkeypatch.setenv(f"NERQ_{name}", value)

    def dump(self) -> list[str]:
        with sqlite3.connect("nerq.db") as connection:
            return list(connection.iterdump())

    @pytest.mark.usefixtures("letters")
    @pytest.mark.parametrize(
        ("version", "words"), [("0001", "Run `nerq db upgrade`."), ("9999", "was made by a newer one")]
    )
    @pytest.mark.parametrize("command", sorted(COMMANDS.keys() - NEEDS_NONE))
    def test_every_command_says_so_and_does_nothing(
        self, command: str, version: str, words: str, sqlite_url: str
    ) -> None:
        set_version(sqlite_url, version)
        before = self.dump()
        result = invoke(command, *ARGUMENTS.get(command, ["last"]))
        assert result.exit_code == EXIT_UNAVAILABLE
        assert words in result.stdout + result.stderr
        assert self.dump() == before


class TestRunning:
    """The database is upgraded beneath a nerq that has it open."""

    def test_nothing_is_written_any_more(self, db: Database, database_url: str) -> None:
        new_job(db, ["a.txt"])
        set_version(database_url, "9999")
        with pytest.raises(SettingsError, match="Upgrade nerq"):
            store.create_job(db, None, MODEL, {})
        with pytest.raises(SettingsError, match="Upgrade nerq"):
            store.announce(db, 10)
        set_version(database_url, "0001")
        with pytest.raises(SettingsError, match="nerq db upgrade"):
            store.cancel_job(db, 1)
        set_version(database_url, migration_state(database_url).head)
        assert len(store.announce(db, 10)) == 1

    def test_an_upgrade_and_writers_keep_out_of_each_others_way(self, postgres_url: str) -> None:
        db = open_database(postgres_url)
        upgrade = Thread(target=upgrade_database, args=(postgres_url,))
        waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        with psycopg.connect(postgres_url, autocommit=True) as other:
            with db.write():
                upgrade.start()
                wait_until(lambda: other.execute(waits).fetchall(), PATIENCE_S, "an upgrade that waits")
            upgrade.join(PATIENCE_S)
            assert not upgrade.is_alive()
            other.execute("SELECT pg_advisory_lock(%s)", [migration._UPGRADE_LOCK])
            with pytest.raises(TransientError, match="is being upgraded"):
                store.create_job(db, None, MODEL, {})
            # A server that learns of the end of a connection gives its locks back some time later.
            other.execute("SELECT pg_advisory_unlock(%s)", [migration._UPGRADE_LOCK])
        store.create_job(db, None, MODEL, {})
        db.close()

    @pytest.fixture
    def postgres_db(self, postgres_url: str) -> Iterator[Database]:
        database = open_database(postgres_url)
        yield database
        database.close()

    def test_a_worker_drops_what_it_has_in_hand_and_ends(
        self,
        postgres_db: Database,
        postgres_url: str,
        redis_server: RedisServer,
        gates: Gates,
        gate_folder: Path,
        tmp_path: Path,
    ) -> None:
        head = migration_state(postgres_url).head
        settings = make_settings(postgres_url, redis_server.url, lease_s=5.0)
        given = ["Ada waits @wait", *texts(11)]
        job = submit(postgres_db, given)
        with running_worker(settings, gates=gate_folder) as worker:
            wait_until(gates.arrived, PATIENCE_S, "a reader at the gate")
            set_version(postgres_url, "9999", LATER)
            gates.open()
            assert worker.wait(PATIENCE_S) == EXIT_UNAVAILABLE
            assert "it was made by a newer one. Upgrade nerq." in worker.log()
        progress = store.job_progress(postgres_db, job).states
        assert progress[store.ExtractionStatus.DONE] == progress[store.ExtractionStatus.FAILED] == 0
        set_version(postgres_url, head, "ALTER TABLE extraction DROP COLUMN cost")
        with running_worker(settings, gates=gate_folder):
            wait_finished(postgres_db, job, PATIENCE_S)
        assert stored(postgres_db, job) == clean_run(tmp_path, given)
