from __future__ import annotations

import unicodedata

import pytest
from sqlalchemy import select

from tests.samples import (
    MODEL,
    OTHER_MODEL,
    RUN,
    announced,
    claimed,
    failed_source,
    find_all,
    finish_all,
    new_document,
    new_job,
    new_source,
    result,
)
from tests.services import wait_until
from worker import store
from worker.errors import InputError, NotFoundError
from worker.store import Added, Database, ExtractionStatus, NewSource
from worker.store.clock import now

DONE, FAILED, QUEUED = ExtractionStatus.DONE, ExtractionStatus.FAILED, ExtractionStatus.QUEUED
CANCELLED, RUNNING = ExtractionStatus.CANCELLED, ExtractionStatus.RUNNING


def states(db: Database, job_id: int) -> dict[str, int]:
    return {status.value: n for status, n in store.job_progress(db, job_id).states.items() if n}


# Making and finding jobs.


def test_a_job_is_found_by_number_name_and_last(db: Database) -> None:
    first = store.create_job(db, "contracts", MODEL, {"encoding": "cp1252"})
    second = store.create_job(db, None, OTHER_MODEL, {})
    assert store.find_job(db, str(first)) == store.find_job(db, "contracts")
    assert store.find_job(db, "last").id == second
    assert [job.id for job in store.list_jobs(db, 10)] == [second, first]
    assert [job.id for job in store.list_jobs(db, 1)] == [second]
    job = store.find_job(db, "contracts")
    assert (job.name, job.model_id, job.model_name) == ("contracts", MODEL.id, "general")
    assert (job.options, job.skipped, job.closed_at) == ({"encoding": "cp1252"}, {}, None)


@pytest.mark.parametrize("ref", ["last", "7", "nothing", "999999999999999999999", ""])
def test_an_unknown_job_is_said_so(db: Database, ref: str) -> None:
    with pytest.raises(NotFoundError):
        store.find_job(db, ref)


def test_functions_of_an_unknown_job_say_so(db: Database) -> None:
    for action in (store.job_progress, store.cancel_job, store.retry_job):
        with pytest.raises(NotFoundError):
            action(db, 7)
    with pytest.raises(NotFoundError):
        store.add_sources(db, 7, [new_source("a.txt")])


@pytest.mark.parametrize("name", ["contracts", "12", "last", " ", "x" * 201])
def test_a_name_must_be_free_and_a_name(db: Database, name: str) -> None:
    store.create_job(db, "contracts", MODEL, {})
    with pytest.raises(InputError):
        store.create_job(db, name, MODEL, {})
    assert len(store.list_jobs(db, 10)) == 1


def test_a_model_that_moved_keeps_its_row(db: Database) -> None:
    store.create_job(db, None, MODEL, {})
    moved = store.ModelFacts(MODEL.id, "general-2", "/elsewhere", MODEL.labels, MODEL.details)
    store.create_job(db, None, moved, {})
    (model,) = store.list_models(db)
    assert (model.id, model.name, model.path, model.labels) == (
        MODEL.id,
        "general-2",
        "/elsewhere",
        MODEL.labels,
    )


# Adding sources.


def test_sources_with_one_text_share_a_document_and_its_extraction(db: Database) -> None:
    job_id = store.create_job(db, None, MODEL, {})
    sources = [
        new_source("a.txt", "same"),
        new_source("b.txt", "same"),
        new_source("c.txt"),
        failed_source("d.bin"),
    ]
    assert store.add_sources(db, job_id, sources) == Added(n_sources=4, n_failed_sources=1, n_new=2)
    assert store.find_document(db, "a.txt").paths == ("a.txt", "b.txt")
    assert len(announced(db)) == 2


def test_an_empty_chunk_of_sources_adds_nothing(db: Database) -> None:
    assert store.add_sources(db, store.create_job(db, None, MODEL, {}), []) == Added()


def test_submitting_the_same_again_adds_no_work(db: Database) -> None:
    paths = ["a.txt", "b.txt", "c.txt", "d.txt"]
    new_job(db, paths[:1])
    finish_all(db, ["a"])
    new_job(db, paths[1:2])
    (b,) = claimed(db)
    store.fail(db, b.id, b.attempt, "too_large", "It does not fit.")
    store.cancel_job(db, new_job(db, paths[2:3]))
    new_job(db, paths[3:])
    job_id = store.create_job(db, None, MODEL, {})
    added = store.add_sources(db, job_id, [new_source(path) for path in paths])
    assert added == Added(n_sources=4, n_done_before=1, n_left_failed=1, n_requeued=1, n_waiting=1)
    assert states(db, job_id) == {"queued": 2, "done": 1, "failed": 1}
    assert store.open_work(db).n_queued == 2


def test_again_reads_anew_what_is_done_or_failed_and_keeps_the_old_rows_out_of_sight(db: Database) -> None:
    new_job(db, ["Ann", "Bob"])
    finish_all(db, ["Ann", "Bob"])
    job_id = store.create_job(db, None, MODEL, {})
    added = store.add_sources(db, job_id, [new_source("Ann"), new_source("Bob")], again=True)
    assert added == Added(n_sources=2, n_requeued=2)
    assert list(store.find_entities(db, store.EntityQuery())) == []
    finish_all(db, ["Bob"], label="ORG")
    assert [(e.text, e.label) for e in store.find_entities(db, store.EntityQuery())] == [("Bob", "ORG")]


def test_a_document_that_comes_again_in_a_later_chunk_is_not_counted_or_read_twice(db: Database) -> None:
    job_id = store.create_job(db, None, MODEL, {})
    assert store.add_sources(db, job_id, [new_source("a", "text")], again=True).n_new == 1
    finish_all(db)
    assert store.add_sources(db, job_id, [new_source("b", "text")], again=True) == Added(n_sources=1)
    assert states(db, job_id) == {"done": 1}


def test_two_models_read_a_document_each_for_itself(db: Database) -> None:
    new_job(db, ["a.txt"])
    finish_all(db)
    job_id = store.create_job(db, None, OTHER_MODEL, {})
    assert store.add_sources(db, job_id, [new_source("a.txt")]).n_new == 1


def test_many_sources_go_in_at_once_in_the_order_given(db: Database) -> None:
    job_id = store.create_job(db, None, MODEL, {})
    paths = [f"{(i * 7919) % 2500}.txt" for i in range(2500)]
    assert store.add_sources(db, job_id, [new_source(path) for path in paths]).n_new == 2500
    rows = list(store.job_documents(db, job_id))
    assert [row.path for row in rows] == paths
    assert [row.document_id for row in rows] == sorted(row.document_id for row in rows)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \r\n\t",
        "😀👩‍👩‍👧 Ann",
        unicodedata.normalize("NFD", "Café Zoë"),
        "東京都 \ufffd \u200b\u2028",
        "%_\\'\";--",
    ],
)
def test_texts_come_back_as_they_went_in(db: Database, text: str) -> None:
    job_id = new_job(db, [new_source("a.txt", text)])
    (row,) = store.job_documents(db, job_id)
    assert (row.text, row.sha256) == (text, new_document(text).sha256)
    document = store.find_document(db, "a.txt")
    assert (document.text, document.n_chars) == (text, len(text))
    (extraction,) = claimed(db)
    assert extraction.text == text


def test_names_that_cannot_be_stored_are_mended(db: Database) -> None:
    source = NewSource(
        path="caf\udce9.txt",
        record="a\0b",
        page_starts=(0, 3),
        n_bytes=2**40,
        document=new_document("Ann Bob"),
    )
    job_id = new_job(db, [source, NewSource(path="\0", error_code="bad_json", error_detail="\ud800?")])
    (row,) = store.job_documents(db, job_id)
    assert (row.path, row.record) == ("caf\ufffd.txt", "a\ufffdb")
    (error,) = store.job_errors(db, job_id)
    assert (error.path, error.detail) == ("\ufffd", "\ufffd?")


def test_nothing_is_added_to_a_cancelled_job(db: Database) -> None:
    job_id = new_job(db, ["a.txt"])
    store.cancel_job(db, job_id)
    with pytest.raises(InputError, match="cancelled"):
        store.add_sources(db, job_id, [new_source("b.txt")])
    assert store.job_progress(db, job_id).n_sources == 1


# Cancelling and trying again.


def test_cancelling_leaves_what_another_live_job_waits_for(db: Database) -> None:
    first = new_job(db, ["shared", "mine"])
    second = new_job(db, ["shared", "yours"])
    assert store.cancel_job(db, first) == 1
    assert states(db, first) == {"queued": 1, "cancelled": 1}
    assert states(db, second) == {"queued": 2}
    assert store.cancel_job(db, second) == 2
    assert states(db, first) == {"cancelled": 2}


def pass_time(db: Database) -> None:
    """Until the database's clock shows another time."""
    before = moment(db)
    wait_until(lambda: moment(db) > before, what="the next millisecond")


def moment(db: Database) -> float:
    with db.read() as connection:
        return float(connection.execute(select(now())).scalar_one())


def test_a_job_that_was_read_does_not_wait_for_another_reading(db: Database) -> None:
    new_job(db, ["a", "b"])
    finish_all(db)
    pass_time(db)
    again = new_job(db, ["a", "b"], again=True)
    assert store.cancel_job(db, again) == 2
    assert states(db, again) == {"cancelled": 2}


def test_a_job_waits_on_for_what_a_worker_gave_back(db: Database) -> None:
    first, second = new_job(db, ["a"]), new_job(db, ["a"])
    pass_time(db)
    (extraction,) = claimed(db)
    store.give_back(db, [(extraction.id, extraction.attempt)])
    assert store.cancel_job(db, second) == 0
    assert states(db, first) == {"queued": 1}


def test_a_job_that_was_tried_again_waits_for_what_that_queued(db: Database) -> None:
    first, second = new_job(db, ["a"]), new_job(db, ["a"])
    (extraction,) = claimed(db)
    store.fail(db, extraction.id, extraction.attempt, "worker_lost", "It died.")
    pass_time(db)
    assert store.retry_job(db, first) == 1
    assert store.cancel_job(db, second) == 0
    assert store.cancel_job(db, first) == 1


def test_a_job_that_was_tried_again_waits_for_what_another_had_queued(db: Database) -> None:
    first = new_job(db, ["a"])
    store.cancel_job(db, first)
    pass_time(db)
    second = new_job(db, ["a"])
    pass_time(db)
    assert store.retry_job(db, first) == 0, "it is queued already"
    assert store.cancel_job(db, second) == 0
    assert states(db, first) == {"queued": 1}


def test_a_job_whose_sources_are_not_all_in_waits_for_everything(db: Database) -> None:
    interrupted = store.create_job(db, None, MODEL, {})
    store.add_sources(db, interrupted, [new_source("a")])
    finish_all(db)
    pass_time(db)
    again = new_job(db, ["a"], again=True)
    assert store.cancel_job(db, again) == 0
    assert store.cancel_job(db, interrupted) == 1


def test_a_job_of_another_model_does_not_wait_for_it(db: Database) -> None:
    job_id = new_job(db, ["a.txt"])
    new_job(db, ["a.txt"], model=OTHER_MODEL)
    assert store.cancel_job(db, job_id) == 1


def test_after_cancel_a_running_attempt_stores_nothing(db: Database) -> None:
    job_id = new_job(db, ["Ann"])
    (extraction,) = claimed(db)
    assert store.cancel_job(db, job_id) == 1
    assert store.finish(db, [result(extraction, find_all("Ann", "Ann"))], RUN) == set()
    assert store.renew(db, [(extraction.id, extraction.attempt)], 60) == set()
    assert list(store.find_entities(db, store.EntityQuery())) == []
    assert states(db, job_id) == {"cancelled": 1}


def test_cancelling_twice_or_after_the_end_cancels_nothing_more(db: Database) -> None:
    job_id = new_job(db, ["a.txt", "b.txt"])
    finish_all(db)
    assert store.cancel_job(db, job_id) == 0
    at = store.find_job(db, str(job_id)).cancelled_at
    assert store.cancel_job(db, job_id) == 0
    assert store.find_job(db, str(job_id)).cancelled_at == at
    assert states(db, job_id) == {"done": 2}


def test_retry_queues_what_failed_or_was_cancelled_with_a_clean_record(db: Database) -> None:
    job_id = new_job(db, ["a", "b", "c"])
    a, b = claimed(db, announced(db)[:2])
    store.fail(db, a.id, a.attempt, "out_of_memory", "Too long.")
    store.finish(db, [result(b)], RUN)
    store.cancel_job(db, job_id)
    assert states(db, job_id) == {"done": 1, "failed": 1, "cancelled": 1}
    assert store.retry_job(db, job_id) == 2
    assert states(db, job_id) == {"done": 1, "queued": 2}
    assert store.find_job(db, str(job_id)).cancelled_at is None
    assert list(store.job_errors(db, job_id)) == []
    assert {e.attempt for e in claimed(db)} == {1, 2}
    assert store.retry_job(db, job_id) == 0


# Progress and errors.


def test_progress_of_a_job_through_its_life(db: Database) -> None:
    job_id = store.create_job(db, None, MODEL, {})
    store.add_sources(
        db, job_id, [new_source("a.txt", "Ann"), new_source("b.txt", "Ann"), failed_source("c")]
    )
    store.add_sources(db, job_id, [new_source("d.txt", "Bob and Eve")])
    progress = store.job_progress(db, job_id)
    assert (progress.n_sources, progress.n_failed_sources, progress.failures) == (4, 1, {"undecodable": 1})
    assert progress.states == {QUEUED: 2, RUNNING: 0, DONE: 0, FAILED: 0, CANCELLED: 0}
    assert (progress.n_chars_total, progress.n_chars_done) == (14, 0)
    assert (progress.started_at, progress.finished_at, progress.seconds_left) == (None, None, None)

    ann, bob = claimed(db)
    store.finish(db, [result(bob, find_all(bob.text, "Bob", "Eve"))], RUN)
    progress = store.job_progress(db, job_id)
    assert (progress.states[RUNNING], progress.states[DONE], progress.n_entities) == (1, 1, 2)
    assert progress.n_chars_done == 11
    assert progress.started_at is not None
    assert progress.started_at >= progress.job.created_at

    store.fail(db, ann.id, ann.attempt, "worker_lost", "It died.")
    assert store.job_progress(db, job_id).finished_at is None, "more sources may come"
    store.close_job(db, job_id, {"hidden": 2, ".pdf": 1})
    progress = store.job_progress(db, job_id)
    assert progress.finished_at == progress.job.closed_at
    assert progress.failures == {"undecodable": 1, "worker_lost": 1}
    assert progress.job.skipped == {"hidden": 2, ".pdf": 1}
    assert progress.n_chars_done == progress.n_chars_total == 14
    assert progress.seconds_left is None


def test_the_speed_is_that_of_late_whatever_pause_was_before(db: Database) -> None:
    job_id = new_job(db, ["a" * 1000, "b" * 100, "c" * 10])
    first, second, _ = announced(db)
    store.finish(db, [result(claimed(db, [first])[0])], RUN)
    with db.write() as connection:
        connection.exec_driver_sql(
            "UPDATE extraction SET queued_at = queued_at - 3600, started_at = started_at - 3600,"
            " finished_at = finished_at - 3590"
        )
        connection.exec_driver_sql(
            "UPDATE job SET created_at = created_at - 3601, closed_at = closed_at - 3600"
        )
    progress = store.job_progress(db, job_id)
    assert (progress.chars_per_s, progress.seconds_left) == (None, None), "a pause has no speed"

    store.finish(db, [result(claimed(db, [second])[0])], RUN)
    with db.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE extraction SET started_at = started_at - 10 WHERE id = {second}"  # noqa: S608
        )
    progress = store.job_progress(db, job_id)
    assert progress.chars_per_s == pytest.approx(10, rel=0.2)
    assert progress.seconds_left == pytest.approx(1, rel=0.2)


def test_the_speed_starts_again_with_a_retry(db: Database) -> None:
    job_id = new_job(db, ["a" * 1000, "b" * 100])
    first, second = claimed(db)
    store.finish(db, [result(first)], RUN)
    store.fail(db, second.id, second.attempt, "out_of_memory", "Too long.")
    with db.write() as connection:
        connection.exec_driver_sql(
            "UPDATE extraction SET queued_at = queued_at - 300, started_at = started_at - 300,"
            " finished_at = finished_at - 290"
        )
        connection.exec_driver_sql(
            "UPDATE job SET created_at = created_at - 301, closed_at = closed_at - 300"
        )
    store.retry_job(db, job_id)
    assert store.job_progress(db, job_id).chars_per_s is None


def test_a_job_whose_documents_were_all_read_before_is_finished_when_closed(db: Database) -> None:
    new_job(db, ["a.txt"])
    finish_all(db, ["a"])
    job_id = new_job(db, ["a.txt"])
    progress = store.job_progress(db, job_id)
    assert progress.finished_at == progress.job.closed_at
    assert (progress.started_at, progress.chars_per_s, progress.n_entities) == (None, None, 1)


def test_a_job_without_documents_is_finished_when_closed(db: Database) -> None:
    progress = store.job_progress(db, new_job(db, [failed_source("a")]))
    assert progress.finished_at == progress.job.closed_at
    assert (progress.n_sources, progress.n_failed_sources, progress.n_chars_total) == (1, 1, 0)


def test_a_cancelled_job_is_over_though_another_goes_on_with_its_documents(db: Database) -> None:
    job_id = new_job(db, ["a.txt"])
    new_job(db, ["a.txt"])
    store.cancel_job(db, job_id)
    progress = store.job_progress(db, job_id)
    assert progress.finished_at == progress.job.cancelled_at


def test_errors_name_every_source_that_failed_in_the_order_of_submission(db: Database) -> None:
    job_id = new_job(
        db, [new_source("z.txt", "Ann"), failed_source("b"), new_source("a.jsonl", "Ann", record="7"), "fine"]
    )
    ann, fine = claimed(db)
    store.fail(db, ann.id, ann.attempt, "worker_lost", "It died.")
    store.finish(db, [result(fine)], RUN)
    assert list(store.job_errors(db, job_id)) == [
        store.ErrorRow("z.txt", None, "worker_lost", "It died.", 1),
        store.ErrorRow("b", None, "undecodable", "Its encoding is not known.", 0),
        store.ErrorRow("a.jsonl", "7", "worker_lost", "It died.", 1),
    ]
