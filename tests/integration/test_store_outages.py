"""The database goes away, is locked, or is full: what callers see."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import create_engine, text

from tests.samples import MODEL, RUN, announced, claimed, find_all, finish_all, new_job, new_source, result
from tests.services import PostgresServer, free_port
from worker import store
from worker.errors import NerqError, ServiceError, TransientError
from worker.store import Database, EntityQuery, open_database
from worker.store.bulk import insert_rows
from worker.store.schema import entity


@pytest.fixture
def postgres_db(postgres_url: str) -> Iterator[Database]:
    db = open_database(postgres_url)
    yield db
    db.close()


def test_no_server_is_a_service_error_that_hides_the_password() -> None:
    with pytest.raises(ServiceError) as error:
        open_database(f"postgresql://nerq:secret@127.0.0.1:{free_port()}/nerq")
    assert "127.0.0.1" in str(error.value)
    assert "secret" not in str(error.value)
    assert error.value.__cause__ is not None


def test_a_password_in_the_query_of_the_url_is_hidden_too() -> None:
    with pytest.raises(ServiceError, match=r"127\.0\.0\.1") as error:
        open_database(f"postgresql://nerq@127.0.0.1:{free_port()}/nerq?password=secret")
    assert "secret" not in str(error.value)


def test_no_such_database_is_a_service_error(postgres_server: PostgresServer) -> None:
    with pytest.raises(ServiceError, match="does not exist"):
        open_database(postgres_server.url("absent"))


def test_postgresql_crashes_between_two_calls_and_comes_back(
    postgres_db: Database, postgres_server: PostgresServer
) -> None:
    new_job(postgres_db, ["Ann"])
    (extraction,) = claimed(postgres_db)
    postgres_server.kill()
    for _ in range(2):
        with pytest.raises(ServiceError):
            store.finish(postgres_db, [result(extraction)], RUN)
    postgres_server.start()
    assert store.finish(postgres_db, [result(extraction, find_all("Ann", "Ann"))], RUN) == {extraction.id}


def test_postgresql_crashes_in_the_middle_of_a_transaction(
    postgres_db: Database, postgres_server: PostgresServer
) -> None:
    new_job(postgres_db, ["Ann"])

    def write_around_a_crash() -> None:
        with postgres_db.write() as connection:
            connection.execute(text("UPDATE extraction SET attempt = 7"))
            postgres_server.kill()
            connection.execute(text("UPDATE extraction SET attempt = 8"))

    with pytest.raises(TransientError):
        write_around_a_crash()
    postgres_server.start()
    assert [e.attempt for e in claimed(postgres_db)] == [1], "it was undone"


def test_postgresql_crashes_before_a_commit(postgres_db: Database, postgres_server: PostgresServer) -> None:
    new_job(postgres_db, ["Ann"])

    def crash_before_the_commit() -> None:
        with postgres_db.write() as connection:
            connection.execute(text("UPDATE extraction SET attempt = 7"))
            postgres_server.kill()

    with pytest.raises(TransientError):
        crash_before_the_commit()
    postgres_server.start()
    assert [e.attempt for e in claimed(postgres_db)] == [1]


def test_postgresql_crashes_before_many_rows_go_in(
    postgres_db: Database, postgres_server: PostgresServer
) -> None:
    new_job(postgres_db, ["Ann"])

    def crash_before_the_rows() -> None:
        with postgres_db.write() as connection:
            connection.execute(text("UPDATE extraction SET attempt = 7"))
            postgres_server.kill()
            columns = ("extraction_id", "start", "end", "label", "text", "name", "score")
            insert_rows(connection, entity, columns, [(1, 0, 3, "PER", "Ann", "ann", 0.5)])

    with pytest.raises(TransientError):
        crash_before_the_rows()
    postgres_server.start()
    assert finish_all(postgres_db, ["Ann"]) == {1}


def test_postgresql_crashes_while_an_answer_streams(
    postgres_db: Database, postgres_server: PostgresServer
) -> None:
    words = " ".join(f"n{i:05}" for i in range(3000))
    new_job(postgres_db, [new_source("a.txt", words)])
    (extraction,) = claimed(postgres_db)
    store.finish(postgres_db, [result(extraction, find_all(words, *words.split()))], RUN)
    rows = store.find_entities(postgres_db, EntityQuery())
    next(rows)
    postgres_server.kill()
    with pytest.raises(TransientError):
        list(rows)
    postgres_server.start()
    assert sum(1 for _ in store.find_entities(postgres_db, EntityQuery())) == 3000


def test_a_deadlock_is_transient(postgres_db: Database) -> None:
    """Two transactions that lock two rows in opposite order: PostgreSQL ends one of them."""
    new_job(postgres_db, ["a", "b"])
    update = text("UPDATE extraction SET attempt = attempt WHERE id = :id")
    both_hold_one = Barrier(2)

    def lock(first: int, second: int) -> str:
        try:
            with postgres_db.write() as connection:
                connection.execute(update, {"id": first})
                both_hold_one.wait(30)
                connection.execute(update, {"id": second})
        except TransientError:
            return "transient"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(lock, 1, 2), pool.submit(lock, 2, 1)]
        assert sorted(f.result(30) for f in futures) == ["done", "transient"]


def test_a_refused_statement_quotes_no_values(db: Database) -> None:
    insert = text("INSERT INTO document (sha256, n_chars, text) VALUES ('short', 1, 'Secretname')")
    with pytest.raises(NerqError) as error, db.write() as connection:
        connection.execute(insert)
    assert type(error.value) is NerqError
    assert "Secretname" not in str(error.value)
    assert "IntegrityError" in str(error.value) or "CheckViolation" in str(error.value)


def test_a_file_locked_for_too_long_is_transient(sqlite_url: str, tmp_path: Path) -> None:
    db = open_database(sqlite_url)
    other = sqlite3.connect(tmp_path / "nerq.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.list_jobs(db, 1) == [], "readers are not in the way of a writer"
    # The same engine, but that it waits for 50 ms instead of 30 s.
    hasty = Database(create_engine(sqlite_url, connect_args={"timeout": 0.05}))
    with pytest.raises(TransientError, match="locked"):
        store.create_job(hasty, None, MODEL, {})
    other.execute("ROLLBACK")
    other.close()
    store.create_job(hasty, None, MODEL, {})
    hasty.close()
    db.close()


def test_a_full_disk_is_a_service_error_and_stores_nothing(sqlite_url: str) -> None:
    db = open_database(sqlite_url)
    job_id = store.create_job(db, None, MODEL, {})
    with db.read() as connection:
        n_pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {n_pages + 2}"))  # holds for this pooled connection
    with pytest.raises(ServiceError, match="full"):
        store.add_sources(db, job_id, [new_source(f"{i}.txt", str(i) * 4000) for i in range(20)])
    assert store.job_progress(db, job_id).n_sources == 0
    assert announced(db) == []
    db.close()
