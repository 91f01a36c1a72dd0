"""A job that goes on taking files is found again, with what it has taken."""

from __future__ import annotations

from collections import Counter

from tests.samples import MODEL, OTHER_MODEL, failed_source, new_document
from worker import store
from worker.store import Database, NewSource
from worker.store.inboxes import SourceKey, find_open_inbox, taken_of

OPTIONS = {"paths": ["/inbox"], "watch_folder": True, "include": []}


def test_the_job_is_found_by_name_model_and_options(db: Database) -> None:
    first = store.create_job(db, None, MODEL, OPTIONS)
    named = store.create_job(db, "mail", MODEL, OPTIONS)
    assert find_open_inbox(db, None, MODEL.id, OPTIONS) == first
    assert find_open_inbox(db, "mail", MODEL.id, OPTIONS) == named
    assert find_open_inbox(db, "letters", MODEL.id, OPTIONS) is None
    assert find_open_inbox(db, None, OTHER_MODEL.id, OPTIONS) is None
    assert find_open_inbox(db, None, MODEL.id, OPTIONS | {"include": ["*.log"]}) is None


def test_the_latest_one_goes_on_unless_it_was_cancelled(db: Database) -> None:
    first = store.create_job(db, None, MODEL, OPTIONS)
    second = store.create_job(db, None, MODEL, OPTIONS)
    assert find_open_inbox(db, None, MODEL.id, OPTIONS) == second
    store.cancel_job(db, second)
    assert find_open_inbox(db, None, MODEL.id, OPTIONS) == first


def test_what_was_taken_is_known_by_record_content_and_error(db: Database) -> None:
    job_id = store.create_job(db, None, MODEL, OPTIONS)
    twice = [
        NewSource("a.jsonl", record="7", file_sha256="1" * 64, document=new_document(text)) for text in "ab"
    ]
    store.add_sources(db, job_id, [*twice, failed_source("a.jsonl"), failed_source("b.txt")])
    store.add_sources(db, store.create_job(db, None, MODEL, OPTIONS), twice)
    known = taken_of(db, job_id, "a.jsonl")
    assert known == Counter({SourceKey("7", "1" * 64, None): 2, SourceKey(None, None, "undecodable"): 1})
    assert all(known[SourceKey.of(source)] for source in [*twice, failed_source("a.jsonl")])
    assert taken_of(db, job_id, "c.txt") == Counter()


def test_a_record_with_another_text_is_another(db: Database) -> None:
    job_id = store.create_job(db, None, MODEL, OPTIONS)
    before, after = (NewSource("a.jsonl", record="7", document=new_document(text)) for text in "ab")
    store.add_sources(db, job_id, [before])
    known = taken_of(db, job_id, "a.jsonl")
    assert (known[SourceKey.of(before)], known[SourceKey.of(after)]) == (1, 0)
