"""What is purged is gone: from every table, and from the bytes of a SQLite file and its log."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.command_line import Terminal, invoke
from tests.old_databases import copy_into_old, everything
from tests.queue_work import make_settings, running_worker, submit, wait_finished
from tests.readers import Gates
from tests.samples import (
    MODEL,
    OTHER_MODEL,
    RUN,
    claimed,
    failed_source,
    find_all,
    finish_all,
    new_job,
    new_source,
    result,
)
from tests.services import RedisServer, wait_until
from worker import store
from worker.errors import InputError, NotFoundError
from worker.store import Database

#: Stands in texts, entities, paths, names of jobs and error details that are to be forgotten.
CANARY = "Xylomarquez"
#: Of those that stay.
KEPT = "Anna"


@pytest.fixture
def database_url(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("NERQ_DATABASE", database_url)
    return database_url


def secret(number: int, n_words: int = 400) -> str:
    """Longer than a page of the database, so that pieces of it lie in several."""
    return f"{CANARY}{number} came. " + f"{CANARY} wrote to {CANARY.upper()}. " * n_words


def secret_job(db: Database, number: int = 1) -> int:
    """A job that is read twice, so that pages are freed and used again, with a failed source."""
    sources = [new_source(f"{CANARY}/{i}.txt", secret(10 * number + i)) for i in range(3)]
    job = new_job(db, sources, name=f"{CANARY} {number}")
    finish_all(db, [CANARY])
    store.add_sources(db, job, [failed_source(f"{CANARY}/bad{number}.pdf")])
    new_job(db, sources, name=f"again {CANARY} {number}", again=True)
    finish_all(db, [CANARY, CANARY.upper()])
    return job


def traces(folder: Path) -> dict[str, int]:
    """How often the canary stands in each file, in any case."""
    return {
        path.name: path.read_bytes().lower().count(CANARY.lower().encode())
        for path in folder.glob("nerq.db*")
        if CANARY.lower().encode() in path.read_bytes().lower()
    }


class TestAPurgedJob:
    def test_leaves_nothing_in_any_table_and_others_are_as_before(self, db: Database) -> None:
        kept = new_job(db, [new_source("letter.txt", f"{KEPT} wrote.")], name="letters")
        finish_all(db, [KEPT])
        before = everything(db)
        secret_job(db)
        assert CANARY in everything(db)
        done = store.purge(db, store.find_doomed(db, [f"{CANARY} 1", f"again {CANARY} 1"], []))
        assert (done.n_jobs, done.n_documents, done.n_sources, done.n_extractions) == (2, 3, 7, 3)
        assert done.n_entities == 6
        assert (done.n_running, done.n_kept) == (0, 0)
        assert everything(db) == before
        assert store.job_progress(db, kept).n_entities == 1

    def test_leaves_no_byte_in_the_files(self, sqlite_url: str, tmp_path: Path) -> None:
        db = store.open_database(sqlite_url)
        new_job(db, [new_source(f"{i}.txt", f"{KEPT}{i:02} wrote. " * 500) for i in range(20)])
        finish_all(db, [f"{KEPT}{i:02}" for i in range(20)])
        secret_job(db)
        another_process = store.open_database(sqlite_url)  # keeps the log alive
        list(store.find_entities(another_process, store.EntityQuery()))
        assert traces(tmp_path)
        store.purge(db, store.find_doomed(db, [f"{CANARY} 1", f"again {CANARY} 1"], []))
        assert store.scrub(db) is None
        assert traces(tmp_path) == {}
        assert len(list(store.find_entities(another_process, store.EntityQuery()))) == 20
        another_process.close()
        db.close()
        assert traces(tmp_path) == {}

    def test_leaves_what_another_job_has_submitted_too(self, db: Database) -> None:
        shared = new_source("shared.txt", f"{KEPT} and {CANARY} met.")
        own = new_source("own.txt", f"{CANARY} alone.")
        first = new_job(db, [shared, own])
        second = new_job(db, [shared])
        finish_all(db, [KEPT, CANARY])
        with_other_model = new_job(db, [shared, own], model=OTHER_MODEL)
        finish_all(db, [KEPT])
        done = store.purge(db, store.find_doomed(db, [str(first)], []))
        # The other model's job has both documents; what the first model found in `own.txt` nobody needs any more.
        assert (done.n_documents, done.n_kept, done.n_sources, done.n_extractions) == (0, 2, 2, 1)
        assert store.job_progress(db, second).n_entities == 2
        assert store.job_progress(db, with_other_model).states[store.ExtractionStatus.DONE] == 2
        done = store.purge(db, store.find_doomed(db, [str(with_other_model)], []))
        assert (done.n_documents, done.n_kept, done.n_extractions) == (1, 1, 2)
        assert store.job_progress(db, second).n_entities == 2

    def test_ends_the_attempts_that_run(self, db: Database) -> None:
        job = new_job(db, [new_source("a.txt", f"{CANARY} came.")])
        (held,) = claimed(db)
        done = store.purge(db, store.find_doomed(db, [str(job)], []))
        assert (done.n_running, done.n_extractions) == (1, 1)
        assert store.renew(db, [(held.id, held.attempt)], 60) == set()
        assert store.finish(db, [result(held, find_all(held.text, CANARY))], RUN) == set()
        assert not store.fail(db, held.id, held.attempt, "internal_error", "It broke.")
        store.give_back(db, [(held.id, held.attempt)])
        assert CANARY not in everything(db)

    def test_gives_its_ids_to_nobody_else(self, db: Database) -> None:
        """A stale attempt would be taken for one at another document, and a noted id would name another text."""
        job = new_job(db, [new_source("a.txt", f"{CANARY} came.")])
        (held,) = claimed(db)
        document = store.find_document(db, "a.txt").id
        store.purge(db, store.find_doomed(db, [str(job)], []))
        later = new_job(db, [new_source("b.txt", f"{KEPT} came.")])
        (new,) = claimed(db)
        assert later > job
        assert new.id > held.id
        assert store.find_document(db, "b.txt").id > document
        assert store.finish(db, [result(held, find_all(held.text, CANARY))], RUN) == set()

    def test_may_be_submitted_again(self, db: Database) -> None:
        for _ in range(2):
            job = secret_job(db)
            store.purge(db, store.find_doomed(db, [str(job), f"again {CANARY} 1"], []))
            assert CANARY not in everything(db)

    def test_keeps_the_figures_of_its_evaluations(self, db: Database) -> None:
        job = new_job(db, [new_source("a.txt", f"{CANARY} came.")])
        figures = store.NewEvaluation(
            job, MODEL.id, "general", (), {}, "0.1.0", precision=1.0, recall=0.5, f1=0.67, figures={}
        )
        evaluation = store.add_evaluation(db, figures)
        store.purge(db, store.find_doomed(db, [str(job)], []))
        assert store.find_evaluation(db, evaluation).values.f1 == 0.67
        assert store.find_evaluation(db, evaluation).values.job_id is None


class TestAPurgedDocument:
    def test_goes_from_every_job_with_every_text_that_had_its_path(self, db: Database) -> None:
        path = f"wards/{CANARY}.txt"
        first = new_job(db, [new_source(path, f"{CANARY} came."), new_source("b.txt", f"{KEPT} came.")])
        second = new_job(db, [new_source(path, f"{CANARY} left."), new_source("copy.txt", f"{CANARY} came.")])
        store.add_sources(db, first, [failed_source(path)])
        finish_all(db, [CANARY, KEPT])
        done = store.purge(db, store.find_doomed(db, [], [f"{CANARY}.txt"]))
        assert (done.n_jobs, done.n_documents, done.n_sources, done.n_entities) == (0, 2, 4, 2)
        assert CANARY not in everything(db)
        assert store.job_progress(db, first).n_sources == 1
        assert store.job_progress(db, second).n_sources == 0
        assert [e.text for e in store.find_entities(db, store.EntityQuery())] == [KEPT]

    def test_goes_with_what_came_under_its_path_while_the_question_was_asked(self, db: Database) -> None:
        path = f"wards/{CANARY}.txt"
        new_job(db, [new_source(path, f"{CANARY} came.")])
        doomed = store.find_doomed(db, [], [path])
        new_job(db, [new_source(path, f"{CANARY} left.")])
        assert store.purge(db, doomed).n_documents == 2
        assert CANARY not in everything(db)

    def test_is_one_where_an_id_names_it(self, db: Database) -> None:
        new_job(db, [new_source("a.jsonl", f"{CANARY}{i}", record=str(i)) for i in range(3)])
        first = store.find_document(db, "1").id
        done = store.purge(db, store.find_doomed(db, [], [str(first)]))
        assert (done.n_documents, done.n_sources) == (1, 1)

    def test_is_every_record_where_a_path_names_it(self, db: Database) -> None:
        new_job(db, [new_source("a.jsonl", f"{CANARY}{i}", record=str(i)) for i in range(3)])
        assert store.purge(db, store.find_doomed(db, [], ["a.jsonl"])).n_documents == 3

    def test_is_named_without_doubt(self, db: Database) -> None:
        new_job(db, ["x/a.txt", "y/a.txt"])
        with pytest.raises(InputError, match=r"x/a\.txt, y/a\.txt"):
            store.find_doomed(db, [], ["a.txt"])
        for ref in ("nope.txt", "%", "a.tx_", "99", "'; DROP TABLE document; --"):
            with pytest.raises(NotFoundError):
                store.find_doomed(db, [], ["x/a.txt", ref])
        assert store.find_document(db, "x/a.txt")


class TestTheCommand:
    @pytest.mark.usefixtures("database_url")
    def test_deletes_and_counts(self, db: Database) -> None:
        secret_job(db)
        result = invoke("purge", f"{CANARY} 1", f"again {CANARY} 1", "--yes", "--json")
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout) == {
            "schema_version": 1,
            "jobs": 2,
            "documents": 3,
            "sources": 7,
            "extractions": 3,
            "entities": 6,
            "running": 0,
            "kept": 0,
            "scrubbed": True if db.is_sqlite else None,
        }
        assert ("VACUUM (FULL)" in result.stderr) is not db.is_sqlite
        assert CANARY not in everything(db)

    def test_the_advice_for_postgresql_is_true(
        self, postgres_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NERQ_DATABASE", postgres_url)
        db = store.open_database(postgres_url)
        new_job(db)
        advice = invoke("purge", "last", "--yes").stderr
        statement = next(line.strip() for line in advice.splitlines() if "VACUUM" in line and ";" in line)
        with db.driver_connection() as driver:
            driver.autocommit = True
            driver.execute(statement)
        db.close()

    @pytest.mark.usefixtures("database_url")
    def test_asks_nobody_where_nobody_is(self, db: Database) -> None:
        new_job(db)
        assert invoke("purge", "last").exit_code == 2
        assert invoke("purge", "--yes").exit_code == 2
        assert invoke("purge", "last", "--scrub", "--yes").exit_code == 2
        assert store.find_job(db, "last")

    @pytest.mark.usefixtures("database_url")
    def test_deletes_nothing_if_one_of_the_named_does_not_exist(self, db: Database) -> None:
        new_job(db)
        assert invoke("purge", "last", "99", "--yes").exit_code == 4
        assert invoke("purge", "last", "--document", "nope", "--yes").exit_code == 4
        assert store.find_job(db, "last")

    def test_asks_in_a_terminal(self, sqlite_url: str) -> None:
        db = store.open_database(sqlite_url)
        new_job(db, ["a.txt", "b.txt"])
        for answer, code in (("n\n", 1), ("y\n", 0)):
            assert store.find_job(db, "last")
            with Terminal("purge", "last", NERQ_DATABASE=sqlite_url) as terminal:
                terminal.read_until("Delete?")
                assert "To be deleted for good: 1 job, 2 documents" in terminal.seen
                terminal.press(answer)
                assert terminal.finish() == code
        with pytest.raises(NotFoundError):
            store.find_job(db, "last")
        db.close()

    def test_a_reader_in_the_way_is_told_of_and_the_rest_is_done_later(
        self, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("worker.store.database.SQLITE_BUSY_S", 0.2)
        db = store.open_database(sqlite_url)
        secret_job(db)
        reader = sqlite3.connect(tmp_path / "nerq.db", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM document").fetchone()
        result = invoke("purge", f"{CANARY} 1", f"again {CANARY} 1", "--yes", "--json")
        assert result.exit_code == 1
        assert json.loads(result.stdout)["scrubbed"] is False
        assert "nerq purge --scrub" in result.stderr
        assert traces(tmp_path)
        reader.close()
        assert invoke("purge", "--scrub").exit_code == 0
        assert traces(tmp_path) == {}
        db.close()


def test_a_database_of_an_earlier_version_gives_ids_once_after_its_upgrade(
    tmp_path: Path, sqlite_url: str
) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    new = store.open_database(sqlite_url)
    job = new_job(new, [new_source("a.txt", f"{KEPT} came."), new_source("b.txt", f"{CANARY} came.")])
    finish_all(new, [KEPT, CANARY])
    copy_into_old(new, url, "0002")
    store.upgrade_database(url)
    db = store.open_database(url)
    assert everything(db) == everything(new)
    assert built(db) == built(new)
    highest = store.find_document(db, "b.txt").id
    store.purge(db, store.find_doomed(db, [str(job)], []))
    new_job(db, ["c.txt"])
    assert store.find_document(db, "c.txt").id > highest
    db.close()
    new.close()


def built(db: Database) -> list[str]:
    """The statements that make the tables and indexes, but for their spaces."""
    with db.read() as connection:
        rows = connection.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return sorted("".join(sql.replace('"', "").split()) for sql in rows.scalars())


def test_what_a_worker_has_in_hand_is_never_stored(
    sqlite_url: str, redis_server: RedisServer, gates: Gates, gate_folder: Path
) -> None:
    settings = make_settings(sqlite_url, redis_server.url)
    db = store.open_database(sqlite_url)
    job = submit(db, [f"{CANARY} waits @wait", f"{CANARY} came."])
    with running_worker(settings, gates=gate_folder) as worker:
        wait_until(lambda: gates.arrived(), what="the batch in the reader's hand")
        assert store.purge(db, store.find_doomed(db, [str(job)], [])).n_running == 2
        gates.open()
        later = submit(db, [f"{KEPT} came."])
        wait_finished(db, later)
        assert len(worker.model_processes()) == 1
        assert "Traceback" not in worker.log()
        assert "CRITICAL" not in worker.log()
    assert CANARY not in everything(db)
    assert store.scrub(db) is None
    assert store.job_progress(db, later).n_entities == 1
    db.close()
