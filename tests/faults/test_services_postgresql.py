"""PostgreSQL stands still, loses connections and answers, or crashes in a commit: nothing waits for ever, rows are as
after a clean run."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.machines import with_clock, with_patience
from tests.proxy import Proxy
from tests.queue_work import (
    clean_run,
    make_settings,
    running_worker,
    stored,
    submit,
    texts,
    wait_finished,
)
from tests.readers import Gates
from tests.samples import MODEL
from tests.services import PostgresServer, RedisServer, wait_until
from worker import store
from worker.errors import ServiceError, TransientError
from worker.settings import Settings
from worker.store import Database, open_database, silence

PATIENCE_S = 100.0

pytestmark = pytest.mark.timeout(300)  # beyond PATIENCE_S, on any machine


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[Proxy]:
    """The workers' way to the database."""
    proxy = Proxy(postgres_url)
    yield proxy
    proxy.remove()


@pytest.fixture
def settings(proxy: Proxy, redis_server: RedisServer) -> Settings:
    return make_settings(proxy.url, redis_server.url)


@pytest.fixture
def db(postgres_url: str) -> Iterator[Database]:
    """The database without the proxy."""
    database = open_database(postgres_url)
    yield database
    database.close()


def execute(db: Database, statement: str) -> list[Any]:
    with db.write() as connection:
        result = connection.exec_driver_sql(statement)
        return list(result) if result.returns_rows else []


def n_finished(db: Database, job: int) -> int:
    return store.job_progress(db, job).states[store.ExtractionStatus.DONE]


def attempts(db: Database) -> set[int]:
    return {row[0] for row in execute(db, "SELECT attempt FROM extraction")}


class TestSilence:
    """A server, or something before it, that confirms packets and says nothing."""

    @pytest.fixture
    def hasty(self, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
        monkeypatch.setattr(silence, "SILENCE_S", 0.5)
        database = open_database(f"{proxy.url}?connect_timeout=2")
        yield database
        proxy.thaw()
        database.close()

    def test_no_statement_waits_for_ever(self, hasty: Database, proxy: Proxy) -> None:
        def read_while_it_stands_still() -> None:
            with hasty.read() as connection:
                proxy.freeze()
                connection.exec_driver_sql("SELECT 1")

        with pytest.raises(TransientError, match="lost"):
            read_while_it_stands_still()
        with pytest.raises(ServiceError, match="Cannot open the database"):
            store.list_jobs(hasty, 1)
        proxy.thaw()
        assert store.list_jobs(hasty, 1) == []

    def test_no_commit_waits_for_ever(self, hasty: Database, proxy: Proxy) -> None:
        def commit_while_it_stands_still() -> None:
            with hasty.write():
                proxy.freeze()

        with pytest.raises(TransientError, match="lost"):
            commit_while_it_stands_still()
        proxy.thaw()
        assert store.create_job(hasty, None, MODEL, {})

    def test_connections_that_the_network_has_forgotten_are_replaced_unnoticed(
        self, hasty: Database, proxy: Proxy
    ) -> None:
        store.create_job(hasty, None, MODEL, {})
        proxy.forget()
        assert store.create_job(hasty, None, MODEL, {}) == 2

    def test_long_answers_are_heard_to_their_end(self, hasty: Database) -> None:
        """Half a second without a byte is silence; a row every fifth of a second is not."""
        slow = "SELECT i, repeat('x', 9000), pg_sleep(0.2) FROM generate_series(1, 6) AS i"
        with hasty.read() as connection:
            assert len(connection.exec_driver_sql(slow).all()) == 6


def test_a_worker_outlives_a_database_that_stands_still_and_ends_when_told_to(
    settings: Settings, db: Database, proxy: Proxy, gates: Gates, gate_folder: Path, tmp_path: Path
) -> None:
    given = ["Ada waits @wait", *texts(8)]
    job = submit(db, given)
    with running_worker(settings, gates=gate_folder, prefix=with_patience(2.0)) as worker:
        wait_until(gates.arrived, PATIENCE_S, "a reader at the gate")
        proxy.forget()
        gates.open()
        wait_finished(db, job, PATIENCE_S)
        assert stored(db, job) == clean_run(tmp_path, given)
        assert worker.log().count("worker starts") == 1
        proxy.freeze()
        worker.signal(signal.SIGTERM)
        assert worker.wait(PATIENCE_S) == 0


def test_a_crash_in_the_commit_of_a_finish_stores_all_of_it_or_nothing(
    settings: Settings, db: Database, postgres_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    given = texts(12)
    execute(
        db,
        """
        CREATE FUNCTION wait_in_commit() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER wait_in_commit AFTER INSERT ON entity DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION wait_in_commit()
        """,
    )
    is_in_commit = "SELECT 1 FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'advisory'"
    with running_worker(settings), psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(1)")
        job = submit(db, given)
        wait_until(lambda: other.execute(is_in_commit).fetchall(), PATIENCE_S, "a commit")
        postgres_server.kill()
        postgres_server.start()
        wait_finished(db, job, PATIENCE_S)
    assert stored(db, job) == clean_run(tmp_path, given)
    assert attempts(db) == {1}, "a restart throws no work away"


def test_connections_cut_under_load_cost_no_work(settings: Settings, db: Database, tmp_path: Path) -> None:
    """After every few documents all connections of the worker end, whatever they are at."""
    given = texts(60)
    job = submit(db, given)
    cut = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = 'nerq' AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    n_cut = 0
    with running_worker(settings):
        for n_done in range(0, 60, 6):
            wait_until(lambda n=n_done: n_finished(db, job) >= n, PATIENCE_S, "progress")  # type: ignore[misc]
            n_cut += execute(db, cut)[0][0]
        wait_finished(db, job, PATIENCE_S)
    assert n_cut > 10
    assert stored(db, job) == clean_run(tmp_path, given)


@pytest.mark.parametrize("statement", [b"started_at=", b"n_entities="], ids=["claim", "finish"])
def test_commits_whose_answer_is_lost_are_neither_lost_nor_made_twice(
    statement: bytes, settings: Settings, db: Database, proxy: Proxy, tmp_path: Path
) -> None:
    given = texts(12)
    patient = settings.model_copy(update={"lease_s": 600.0})
    with running_worker(patient):
        wait_until(lambda: store.live_workers(db, 60), PATIENCE_S, "the worker")
        proxy.loses_commits_of = statement
        job = submit(db, given)
        wait_until(lambda: proxy.n_lost_answers >= 2, PATIENCE_S, "commits without an answer")
        proxy.loses_commits_of = None
        wait_finished(db, job, PATIENCE_S)
    assert stored(db, job) == clean_run(tmp_path, given)


def test_a_clock_that_jumps_moves_neither_leases_nor_signs_of_life(
    settings: Settings, db: Database, gates: Gates, gate_folder: Path, tmp_path: Path
) -> None:
    """All times are the database's; those of the machines may be wrong by an hour, from one moment to the next."""
    given = ["Ada waits @wait", "Grace waits @wait", *texts(10)]
    jumpy = settings.model_copy(update={"lease_s": 3.0, "time_limit_s": 600.0, "batch_documents": 1})
    clocks = [tmp_path / "fast", tmp_path / "slow"]
    for clock in clocks:
        clock.touch()
    held = "SELECT count(*) FROM extraction WHERE status = 'running' AND lease_until > {}"
    now = "extract(epoch FROM statement_timestamp())"
    job = submit(db, given)
    with (
        running_worker(jumpy, gates=gate_folder, prefix=with_clock(clocks[0])) as fast,
        running_worker(jumpy, gates=gate_folder, prefix=with_clock(clocks[1])) as slow,
    ):
        wait_until(lambda: len(gates.arrived()) == 2, PATIENCE_S, "both workers at the gate")
        clocks[0].write_text("3600")
        clocks[1].write_text("-3600")
        ((jumped_at,),) = execute(db, f"SELECT {now}")
        # Both leases would have run out since; both workers still give signs of life.
        wait_until(
            lambda: execute(db, held.format(f"{jumped_at} + 8")) == [(2,)],
            PATIENCE_S,
            "leases renewed again",
        )
        assert len(store.live_workers(db, 15)) == 2
        gates.open()
        wait_finished(db, job, PATIENCE_S)
        assert "reclaimed" not in fast.log() + slow.log()
    assert attempts(db) == {1}
    assert stored(db, job) == clean_run(tmp_path, given)
