from __future__ import annotations

import traceback

import pytest

from tests.samples import (
    MODEL,
    OTHER_MODEL,
    RUN,
    announced,
    claimed,
    find_all,
    finish_all,
    new_job,
    new_source,
    result,
)
from worker import store
from worker.errors import NerqError
from worker.store import Claimed, ClaimedBatch, Database, EntityQuery, NewEntity, OpenWork, Reclaimed


def states(db: Database, job_id: int) -> dict[str, int]:
    return {status.value: n for status, n in store.job_progress(db, job_id).states.items() if n}


def held(*extractions: Claimed) -> list[tuple[int, int]]:
    return [(e.id, e.attempt) for e in extractions]


def texts(db: Database) -> list[str]:
    return [row.text for row in store.find_entities(db, EntityQuery())]


# Announcing.


def test_each_queued_extraction_is_announced_once_in_id_order(db: Database) -> None:
    new_job(db, ["aa", "b", "cccc"])
    first = store.announce(db, 2)
    assert [(row.n_chars, row.model_id, row.alone) for row in first] == [
        (2, MODEL.id, False),
        (1, MODEL.id, False),
    ]
    assert store.open_work(db) == OpenWork(n_queued=3, n_running=0, n_undispatched=1)
    assert [row.n_chars for row in store.announce(db, 100)] == [4]
    assert store.announce(db, 100) == []


def test_what_could_not_be_sent_is_announced_again(db: Database) -> None:
    new_job(db, ["a", "b"])
    ids = announced(db)
    claimed(db, ids[:1])
    store.unannounce(db, ids)
    assert announced(db) == ids[1:], "the running one stays as it is"


def test_what_was_announced_long_ago_and_not_taken_is_announced_again(db: Database) -> None:
    new_job(db, ["a", "b"])
    ids = announced(db)
    assert store.announce_again(db, 60, 10) == []
    claimed(db, ids[:1])
    assert [row.id for row in store.announce_again(db, -1, 10)] == ids[1:]
    assert store.announce_again(db, -1, 0) == []


# Claiming.


def test_a_claim_gives_the_texts_and_the_model(db: Database) -> None:
    new_job(db, [new_source("a.txt", "Ann"), new_source("b.txt", "Bob")])
    ids = announced(db)
    batch = store.claim(db, ids, "w", 60)
    assert batch == ClaimedBatch(MODEL, (Claimed(ids[0], 1, "Ann"), Claimed(ids[1], 1, "Bob")))
    assert store.open_work(db) == OpenWork(0, 2, 0)
    assert store.running_workers(db) == {"w"}


def test_what_runs_or_is_over_is_not_claimed(db: Database) -> None:
    new_job(db, ["a", "b"])
    ids = announced(db)
    (a,) = claimed(db, ids[:1])
    assert [e.id for e in claimed(db, ids)] == ids[1:]
    store.finish(db, [result(a)], RUN)
    assert store.claim(db, ids, "w", 60) is None
    assert store.claim(db, [], "w", 60) is None
    assert store.claim(db, [12345], "w", 60) is None


def test_a_claim_is_of_one_model(db: Database) -> None:
    new_job(db, ["a"])
    new_job(db, ["b"], model=OTHER_MODEL)
    ids = announced(db)
    batch = store.claim(db, ids, "w", 60)
    assert batch is not None
    assert (batch.model.id, [e.text for e in batch.extractions]) == (MODEL.id, ["a"])
    assert states(db, 2) == {"queued": 1}


def test_a_claim_of_one_whose_lease_ran_out_is_a_new_attempt_and_a_loss(db: Database) -> None:
    job_id = new_job(db, ["a"])
    ids = announced(db)
    for attempt in (1, 2):
        (extraction,) = claimed(db, ids, lease_s=-1)
        assert extraction.attempt == attempt
    assert store.claim(db, ids, "w", 60, max_losses=2) is None
    assert states(db, job_id) == {"failed": 1}


def test_a_batch_whose_lease_ran_out_is_not_claimed_together_again(db: Database) -> None:
    new_job(db, ["a", "b"])
    ids = announced(db)
    claimed(db, ids, lease_s=-1)
    assert store.claim(db, ids, "w", 60) is None
    assert [(row.id, row.alone) for row in store.announce(db, 10)] == [(ids[0], True), (ids[1], True)]
    assert [e.attempt for i in ids for e in claimed(db, [i])] == [2, 2]


# Finishing: fenced, all or nothing.


def test_finish_stores_entities_and_the_facts_of_the_run(db: Database) -> None:
    new_job(db, [new_source("a.txt", "Ann met Bob")])
    (extraction,) = claimed(db)
    assert list(store.find_entities(db, EntityQuery())) == []
    entities = find_all("Ann met Bob", "Bob", "Ann", score=0.1 + 0.2)
    assert store.finish(db, [result(extraction, entities)], RUN) == {extraction.id}
    rows = list(store.find_entities(db, EntityQuery()))
    assert [(e.start, e.end, e.text, e.label, e.score) for e in rows] == [
        (0, 3, "Ann", "PER", 0.1 + 0.2),
        (8, 11, "Bob", "PER", 0.1 + 0.2),
    ]
    assert store.claim(db, [extraction.id], "w", 60) is None
    assert store.running_workers(db) == set()


def test_a_stale_attempt_changes_nothing(db: Database) -> None:
    job_id = new_job(db, ["Ann Bob"])
    (old,) = claimed(db, lease_s=-1)
    (new,) = claimed(db, [old.id])
    assert store.finish(db, [result(old, find_all("Ann Bob", "Ann"))], RUN) == set()
    assert store.renew(db, held(old), 60) == set()
    assert not store.fail(db, old.id, old.attempt, "boom", "x")
    store.give_back(db, held(old))
    store.refuse(db, held(old), "not here")
    assert states(db, job_id) == {"running": 1}
    assert store.finish(db, [result(new, find_all("Ann Bob", "Bob"))], RUN) == {new.id}
    assert texts(db) == ["Bob"]
    assert store.finish(db, [result(new, find_all("Ann Bob", "Ann"))], RUN) == set()
    assert texts(db) == ["Bob"]


def test_finish_takes_those_that_hold_and_leaves_the_others(db: Database) -> None:
    new_job(db, ["Ann", "Bob"])
    ann, bob = claimed(db)
    store.give_back(db, held(ann))
    both = [result(ann, find_all("Ann", "Ann")), result(bob, find_all("Bob", "Bob"))]
    assert store.finish(db, both, RUN) == {bob.id}
    assert texts(db) == ["Bob"]
    assert store.finish(db, [], RUN) == set()


def test_finish_is_all_or_nothing_and_its_error_quotes_no_text(db: Database) -> None:
    job_id = new_job(db, ["Ann", "Secretname"])
    ann, other = claimed(db)
    wrong = [result(ann, find_all("Ann", "Ann")), result(other, [NewEntity(0, 3, "PER", "Secretname", 0.5)])]
    with pytest.raises(NerqError) as error:
        store.finish(db, wrong, RUN)
    assert "Secretname" not in str(error.value)
    assert "Secretname" not in "".join(traceback.format_exception_only(error.value))
    assert error.value.__cause__ is not None
    assert texts(db) == []
    assert states(db, job_id) == {"running": 2}


def test_finishing_again_replaces_the_entities(db: Database) -> None:
    new_job(db, ["Ann Bob"])
    finish_all(db, ["Ann", "Bob"])
    new_job(db, ["Ann Bob"], again=True)
    finish_all(db, ["Bob"])
    assert texts(db) == ["Bob"]


def test_a_very_long_entity_is_stored_and_found(db: Database) -> None:
    long = "".join(chr(0x4E00 + i * 7 % 20000) for i in range(5000))
    new_job(db, [long])
    finish_all(db, [long])
    assert texts(db) == [long]
    assert len(list(store.find_entities(db, EntityQuery(text=long)))) == 1


def test_thousands_of_entities_of_many_documents_go_in_at_once(db: Database) -> None:
    text = " ".join(f"n{i:04}" for i in range(300))
    names = text.split()
    new_job(db, [new_source(str(i), f"{text} {i}") for i in range(40)])
    assert len(finish_all(db, names)) == 40
    assert store.job_progress(db, 1).n_entities == 40 * 300
    assert sum(1 for _ in store.find_entities(db, EntityQuery(job_ids=(1,)))) == 40 * 300


# Failing, giving back, refusing.


def test_a_failure_is_kept_with_its_reason(db: Database) -> None:
    job_id = new_job(db, ["a", "b"])
    a, b = claimed(db)
    assert store.fail(db, a.id, a.attempt, "out_of_memory", "Too long\0.")
    (error,) = store.job_errors(db, job_id)
    assert (error.path, error.code, error.detail, error.attempt) == (
        "a",
        "out_of_memory",
        "Too long\ufffd.",
        1,
    )
    assert store.renew(db, held(a, b), 60) == {b.id}


def test_what_is_given_back_waits_to_be_announced_and_lost_nothing(db: Database) -> None:
    new_job(db, ["a"])
    ids = announced(db)
    for attempt in range(1, 8):
        (extraction,) = claimed(db, ids)
        assert extraction.attempt == attempt
        store.give_back(db, held(extraction))
        assert store.open_work(db) == OpenWork(1, 0, 1)
        assert [(row.id, row.alone) for row in store.announce(db, 10)] == [(ids[0], False)]


def test_the_last_refusal_fails_it(db: Database) -> None:
    job_id = new_job(db, ["a"])
    ids = announced(db)
    for expected in ("queued", "queued", "failed"):
        store.refuse(db, held(*claimed(db, ids)), "No folder /models/general.")
        assert states(db, job_id) == {expected: 1}
    (error,) = store.job_errors(db, job_id)
    assert (error.code, error.detail, error.attempt) == ("model_unavailable", "No folder /models/general.", 3)
    store.retry_job(db, job_id)
    store.refuse(db, held(*claimed(db, announced(db))), "again")
    assert states(db, job_id) == {"queued": 1}, "a retry starts with a clean record"


# Dead workers.


def test_a_batch_whose_worker_died_is_tried_one_by_one_at_no_cost(db: Database) -> None:
    new_job(db, ["a", "b", "c"])
    ids = announced(db)
    claimed(db, ids, worker="dead", lease_s=60)
    assert store.reclaim(db, 1, ["someone"]) == Reclaimed(0, 0)
    assert store.reclaim(db, 1, ["dead"]) == Reclaimed(3, 0)
    assert [(row.id, row.alone) for row in store.announce(db, 10)] == [(i, True) for i in ids]
    assert store.claim(db, ids, "w", 60) is None, "never again together"


def test_what_kills_its_process_alone_fails_after_max_losses(db: Database) -> None:
    job_id = new_job(db, ["poison", "fine"])
    poison, fine = announced(db)
    claimed(db, [poison, fine], lease_s=-1)
    assert store.reclaim(db, 3) == Reclaimed(2, 0)
    store.finish(db, [result(*claimed(db, [fine]))], RUN)
    for expected in (Reclaimed(1, 0), Reclaimed(1, 0), Reclaimed(0, 1)):
        claimed(db, [poison], lease_s=-1)
        assert store.reclaim(db, 3) == expected
    assert states(db, job_id) == {"done": 1, "failed": 1}
    (error,) = store.job_errors(db, job_id)
    assert (error.path, error.code, error.attempt) == ("poison", "worker_lost", 4)
    assert "3" in error.detail
    assert store.reclaim(db, 3) == Reclaimed(0, 0)


def test_a_renewed_lease_is_not_reclaimed(db: Database) -> None:
    new_job(db, ["a"])
    (extraction,) = claimed(db, lease_s=-1)
    assert store.renew(db, held(extraction), 60) == {extraction.id}
    assert store.reclaim(db, 3) == Reclaimed(0, 0)


def test_a_claim_made_again_takes_what_its_own_worker_holds_and_nobody_elses(db: Database) -> None:
    new_job(db, ["a", "b"])
    ids = announced(db)
    claimed(db, ids[:1], worker="mine")
    claimed(db, ids[1:], worker="theirs")
    assert store.claim(db, ids, "mine", 60) is None
    batch = store.claim(db, ids, "mine", 60, is_repeated=True)
    assert batch is not None
    assert [(one.id, one.attempt) for one in batch.extractions] == [(ids[0], 2)]
    assert store.open_work(db).n_running == 2


# Workers.


def test_workers_show_signs_of_life(db: Database) -> None:
    store.beat(db, "host:2:1", "host", 2, "cuda:0")
    store.beat(db, "host:1:1", "host", 1, "cpu", note="no model")
    first, second = store.live_workers(db, 60)
    assert (first.name, first.pid, first.device, first.note) == ("host:1:1", 1, "cpu", "no model")
    assert second.name == "host:2:1"
    store.beat(db, "host:1:1", "host", 1, "cpu")
    assert store.live_workers(db, 60)[0].note == "no model", "the next sign of life leaves it"
    store.beat(db, "host:1:1", "host", 1, "cpu", note="")
    again = store.live_workers(db, 60)[0]
    assert (again.note, again.started_at) == (None, first.started_at)
    assert again.seen_at >= first.seen_at
    assert store.live_workers(db, -60) == []
    store.leave(db, "host:1:1")
    assert [w.name for w in store.live_workers(db, 60)] == ["host:2:1"]
