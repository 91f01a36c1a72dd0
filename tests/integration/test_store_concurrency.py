"""Many callers at once: threads and processes on one database."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from tests.samples import MODEL, RUN, announced, find_all, new_job, new_source, result
from worker import store
from worker.errors import InputError
from worker.store import Database, EntityQuery, open_database

T = TypeVar("T")
N_CALLERS = 8


def at_once(*calls: Callable[[], T]) -> list[T]:
    """The results of calls that begin together, each in its own thread."""
    start = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(60) for future in [pool.submit(run, call) for call in calls]]


def test_callers_at_once_announce_different_extractions(db: Database) -> None:
    new_job(db, [f"{i}.txt" for i in range(300)])
    answers = at_once(*[lambda: [row.id for row in store.announce(db, 20)]] * N_CALLERS)
    ids = [i for answer in answers for i in answer]
    assert len(ids) == len(set(ids)) > 20
    assert sorted(ids + announced(db)) == list(range(1, 301))


def test_no_extraction_is_claimed_twice(db: Database) -> None:
    """Every caller got the same messages, and takes them in another order."""
    new_job(db, [f"{i}.txt" for i in range(120)])
    ids = announced(db)
    messages = [ids[i : i + 6] for i in range(0, len(ids), 6)]

    def claims(n: int) -> list[int]:
        turned = messages[n * 3 :] + messages[: n * 3]
        batches = [store.claim(db, message, f"w{n}", 60) for message in turned]
        return [e.id for batch in batches if batch for e in batch.extractions]

    answers = at_once(*[lambda n=n: claims(n) for n in range(N_CALLERS)])  # type: ignore[misc]
    assert sorted(i for answer in answers for i in answer) == ids


def test_of_a_finish_and_a_reclaim_at_once_one_wins_whole(db: Database) -> None:
    new_job(db, [f"Ann {i}" for i in range(40)])
    ids = announced(db)
    batch = store.claim(db, ids, "w", -1)
    assert batch is not None
    results = [result(e, find_all(e.text, "Ann")) for e in batch.extractions]
    stored, reclaimed = at_once(
        lambda: len(store.finish(db, results, RUN)), lambda: store.reclaim(db, 3).n_queued
    )
    assert stored + reclaimed == 40
    assert sum(1 for _ in store.find_entities(db, EntityQuery())) == stored


def test_submits_of_the_same_files_at_once_make_each_extraction_once(db: Database) -> None:
    paths = [f"{i}.txt" for i in range(200)]
    jobs = [store.create_job(db, None, MODEL, {}) for _ in range(4)]

    def submit(job_id: int) -> int:
        ordered = paths if job_id % 2 else paths[::-1]
        return sum(
            store.add_sources(db, job_id, [new_source(p) for p in ordered[i : i + 50]]).n_new
            for i in range(0, 200, 50)
        )

    assert sum(at_once(*[lambda j=j: submit(j) for j in jobs])) == 200  # type: ignore[misc]
    assert store.open_work(db).n_queued == 200
    for job_id in jobs:
        assert sum(store.job_progress(db, job_id).states.values()) == 200


def test_jobs_cancelled_at_once_leave_nothing_that_no_one_waits_for(db: Database) -> None:
    jobs = [new_job(db, [f"{i}.txt" for i in range(50)]) for _ in range(6)]
    assert sum(at_once(*[lambda j=j: store.cancel_job(db, j) for j in jobs])) == 50  # type: ignore[misc]
    assert store.open_work(db).n_queued == 0


def test_a_submit_while_another_job_is_cancelled_gets_its_work_done(db: Database) -> None:
    paths = [f"{i}.txt" for i in range(50)]
    for _ in range(4):
        old = new_job(db, paths)
        new = store.create_job(db, None, MODEL, {})
        at_once(
            lambda: store.cancel_job(db, old),  # noqa: B023 - called within the round
            lambda: store.add_sources(db, new, [new_source(p) for p in paths]).n_sources,  # noqa: B023
        )
        assert store.open_work(db).n_queued == 50
        store.cancel_job(db, new)


def test_of_submits_with_one_name_at_once_one_gets_it(db: Database) -> None:
    def create() -> bool:
        try:
            store.create_job(db, "contracts", MODEL, {})
        except InputError:
            return False
        return True

    assert Counter(at_once(*[create] * N_CALLERS)) == {True: 1, False: N_CALLERS - 1}


def work(url: str, name: str) -> int:
    """A worker process: announce, claim and finish until nothing is left; how many it finished."""
    db = open_database(url)
    n_done = 0
    while rows := store.announce(db, 4):
        batch = store.claim(db, [row.id for row in rows], name, 60)
        if batch is None:
            continue
        store.renew(db, [(e.id, e.attempt) for e in batch.extractions], 60)
        n_done += len(store.finish(db, [result(e, find_all(e.text, "Ann")) for e in batch.extractions], RUN))
        store.beat(db, name, "host", 1, "cpu")
    db.close()
    return n_done


def test_processes_write_at_once(database_url: str) -> None:
    n_processes = N_CALLERS if database_url.startswith("sqlite") else 3
    db = open_database(database_url)
    new_job(db, [f"Ann {i}" for i in range(320)])
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(n_processes) as pool:
        counts = pool.starmap(work, [(database_url, f"w{i}") for i in range(n_processes)], chunksize=1)
    assert sum(counts) == 320
    assert sum(1 for _ in store.find_entities(db, EntityQuery())) == 320
    db.close()
