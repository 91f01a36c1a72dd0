"""`extract_batch` on both databases: what each error makes happen."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from tests.queue_work import failures, make_settings, n_running, stored, submit, texts
from tests.readers import FACTS, CapitalsReader, open_nothing, open_reader
from tests.services import PostgresServer
from worker import store
from worker.errors import ServiceError
from worker.queue import extract
from worker.queue.extract import Outcome, extract_batch
from worker.queue.model_cache import ModelCache, OpenModel
from worker.queue.reading import BrokenDeviceError
from worker.queue.slots import Slot
from worker.queue.stopping import StopRequest
from worker.recognition import Checkpoint, Recognition
from worker.settings import Settings
from worker.store import Database, ModelFacts

SLOT = Slot(None, 1)


class Work:
    """A job whose extractions are announced, and one process to read them."""

    def __init__(self, db: Database, given: Sequence[str], **values: object) -> None:
        self.db = db
        self.settings = make_settings("sqlite:///unused.db", **values)
        self.job = submit(db, given)
        self.ids = [row.id for row in store.announce(db, 1000)]

    def extract(
        self, open_model: OpenModel = open_reader, stop: StopRequest | None = None, worker: str = "here:1:1"
    ) -> Outcome:
        models = ModelCache(self.settings, SLOT, open_model)
        return extract_batch(self.db, self.ids, models, self.settings, worker, stop)


class HookedReader(CapitalsReader):
    """Does something before it reads."""

    def __init__(self, before: Callable[[], object]) -> None:
        self._before = before

    def recognize(
        self, texts: Sequence[str], on_progress: Callable[[], None] | None = None
    ) -> list[Recognition]:
        self._before()
        return super().recognize(texts, on_progress)


def hooked(before: Callable[[], object]) -> OpenModel:
    def open_hooked(model: ModelFacts, settings: Settings, slot: Slot) -> CapitalsReader:
        return HookedReader(before)

    return open_hooked


def test_a_batch_is_read_and_stored_once(db: Database) -> None:
    work = Work(db, texts(6))
    assert work.extract() == Outcome(n_claimed=6, n_done=6)
    rows = stored(db, work.job)
    assert {status for status, _ in rows.values()} == {"done"}
    assert [e[3] for e in rows["001.txt"][1]] == ["On", "Grace", "Ada", "Town1"]
    assert work.extract() == Outcome()
    assert stored(db, work.job) == rows


def test_only_the_documents_to_blame_fail(db: Database) -> None:
    work = Work(db, [*texts(4), "@memory", "Ada @bug", *(f"@crowded {i}" for i in range(4))])
    assert work.extract() == Outcome(n_claimed=10, n_done=8, n_failed=2)
    assert failures(db, work.job) == {"004.txt": "out_of_memory", "005.txt": "internal_error"}


def test_a_stop_gives_the_batch_back_at_no_cost(db: Database) -> None:
    work = Work(db, texts(3))
    stop = StopRequest()
    with pytest.raises(SystemExit):
        work.extract(hooked(lambda: setattr(stop, "is_set", True)), stop)
    assert [row.alone for row in store.announce(db, 10)] == [False] * 3


def test_a_batch_that_used_up_its_time_counts_as_lost(db: Database) -> None:
    work = Work(db, texts(3), time_limit_s=1e-6)
    stop = StopRequest()
    with pytest.raises(SystemExit):
        work.extract(hooked(lambda: setattr(stop, "is_set", True)), stop)
    assert n_running(db, work.job) == 3
    store.reclaim(db, 3, {"here:1:1"})
    assert [row.alone for row in store.announce(db, 10)] == [True] * 3


def test_a_model_that_cannot_be_opened_is_refused_three_times(db: Database) -> None:
    work = Work(db, texts(2))
    for _ in range(3):
        outcome = work.extract(open_nothing)
        assert outcome.problem is not None
        assert "not on this machine" in outcome.problem
        store.announce(db, 10)
    assert set(failures(db, work.job).values()) == {"model_unavailable"}


def test_another_model_under_the_same_path_is_refused(db: Database, tiny_checkpoint: Path) -> None:
    model = ModelFacts(id=FACTS.id, name="tiny", path=str(tiny_checkpoint), labels=FACTS.labels)
    work = Work(db, [])
    work.job = submit(db, texts(1), model)
    work.ids = [row.id for row in store.announce(db, 10)]
    models = ModelCache(work.settings, SLOT)
    outcome = extract_batch(db, work.ids, models, work.settings, "here:1:1")
    assert outcome.n_returned == 1
    assert "another model" in str(outcome.problem)


def test_a_real_model_is_opened_from_its_folder(db: Database, tiny_checkpoint: Path) -> None:
    checkpoint = Checkpoint.open(str(tiny_checkpoint))
    model = ModelFacts(checkpoint.id, "tiny", str(tiny_checkpoint), checkpoint.labels.names)
    job = submit(db, texts(3), model)
    ids = [row.id for row in store.announce(db, 10)]
    settings = make_settings("sqlite:///unused.db", precision="fp32")
    assert extract_batch(db, ids, ModelCache(settings, SLOT), settings, "here:1:1").n_done == 3
    assert all(entities for _, entities in stored(db, job).values())


def test_a_late_result_is_dropped_by_the_fence(db: Database) -> None:
    work = Work(db, texts(3))

    def overtake() -> None:
        store.reclaim(db, 3, {"slow:1:1"})
        for id_ in work.ids:
            Work.extract(_single(work, id_))

    assert work.extract(hooked(overtake), worker="slow:1:1") == Outcome(n_claimed=3)
    assert {status for status, _ in stored(db, work.job).values()} == {"done"}


def _single(work: Work, id_: int) -> Work:
    one = object.__new__(Work)
    one.db, one.settings, one.job, one.ids = work.db, work.settings, work.job, [id_]
    return one


def test_work_on_a_cancelled_job_ends_at_the_next_pack(db: Database) -> None:
    work = Work(db, texts(3), lease_s=1e-3)  # every pack renews

    def cancel() -> None:
        store.cancel_job(db, work.job)

    assert work.extract(hooked(cancel)).n_done == 0
    assert {status for status, _ in stored(db, work.job).values()} == {"cancelled"}


def test_progress_renews_the_lease(db: Database) -> None:
    work = Work(db, texts(1), lease_s=0.4)
    reclaimed = []

    class Slow(CapitalsReader):
        def recognize(
            self, texts: Sequence[str], on_progress: Callable[[], None] | None = None
        ) -> list[Recognition]:
            assert on_progress is not None
            outlived = time.monotonic() + 2 * work.settings.lease_s
            while time.monotonic() < outlived:
                on_progress()
            reclaimed.append(store.reclaim(db, 3))
            return super().recognize(texts, on_progress)

    assert work.extract(lambda *_: Slow()).n_done == 1
    assert reclaimed == [store.Reclaimed(0, 0)]


def test_a_broken_gpu_leaves_its_batch_to_be_reclaimed(db: Database) -> None:
    work = Work(db, ["@cuda"])
    with pytest.raises(BrokenDeviceError):
        work.extract()
    assert n_running(db, work.job) == 1


def test_a_restart_of_the_database_costs_nothing_that_was_read(
    postgres_url: str, postgres_server: PostgresServer
) -> None:
    db = store.open_database(postgres_url)
    work = Work(db, texts(3))

    def restart() -> None:
        postgres_server.kill()
        postgres_server.start()

    assert work.extract(hooked(restart)).n_done == 3
    db.close()


def test_a_claim_whose_answer_was_lost_is_made_again_at_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(db, texts(3))
    commit, n_lost = Connection._commit_impl, 0

    def commit_and_lose_the_answer(connection: Connection) -> None:
        nonlocal n_lost
        commit(connection)
        if not n_lost:
            n_lost += 1
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError(), connection_invalidated=True)

    monkeypatch.setattr(Connection, "_commit_impl", commit_and_lose_the_answer)
    assert work.extract() == Outcome(n_claimed=3, n_done=3)
    assert n_lost == 1


def test_a_database_that_stays_away_leaves_the_batch_to_its_lease(
    postgres_url: str, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extract, "_PATIENCE_S", 0.3)
    db = store.open_database(postgres_url)
    work = Work(db, texts(3))
    outcome = work.extract(hooked(postgres_server.kill))
    assert (outcome.n_done, outcome.n_returned) == (0, 3)
    with pytest.raises(ServiceError):
        work.extract()
    postgres_server.start()
    assert n_running(db, work.job) == 3
    db.close()
