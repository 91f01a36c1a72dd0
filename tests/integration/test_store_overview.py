"""What there is in a job at a glance, on both databases."""

from __future__ import annotations

from tests.samples import (
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
from worker import store
from worker.store import Database, NewEntity, NewSource
from worker.store.overview import N_SCORE_CLASSES


def test_names_are_counted_once_a_document_under_their_label(db: Database) -> None:
    text = "Ann\nLee, ANN LEE, Ann Lee; Paris"
    job_id = new_job(
        db, [new_source("a", text), new_source("b", text), new_source("c", "Ann Lee"), failed_source("d")]
    )
    first, second = claimed(db)
    spans = [NewEntity(0, 7, "PER", "Ann\nLee", 0.5), *find_all(text, "ANN LEE", "Ann Lee", score=0.7)]
    paris = find_all(text, "Paris", label="LOC", score=1.0)
    store.finish(db, [result(first, [*spans, *paris]), result(second, find_all("Ann Lee", "Ann Lee"))], RUN)
    overview = store.job_overview(db, store.find_job(db, str(job_id)), 10)
    assert overview.labels == {"LOC": 1, "PER": 4}
    ann, loc = overview.names
    assert (ann.label, ann.name, ann.text, ann.n, ann.n_documents, ann.n_spellings) == (
        "PER", "ann lee", "Ann Lee", 4, 2, 3,
    )  # fmt: skip
    assert (ann.least_score, round(ann.mean_score, 9)) == (0.5, 0.7)
    assert (loc.label, loc.n, overview.n_names) == ("LOC", 1, 2)
    classes = [0] * N_SCORE_CLASSES
    for score in (0.5, 0.7, 0.7, 0.9, 1.0):
        classes[min(int(score * N_SCORE_CLASSES + 1e-9), N_SCORE_CLASSES - 1)] += 1
    assert list(overview.scores) == classes


def test_only_the_most_frequent_names_come_and_all_are_counted(db: Database) -> None:
    names = [f"N{i}" for i in range(5)]
    new_job(db, [new_source("a", " ".join(names)), new_source("b", "N3 N1")])
    finish_all(db, names)
    overview = store.job_overview(db, store.find_job(db, "last"), 2)
    assert ([name.text for name in overview.names], overview.n_names) == (["N1", "N3"], 5)


def test_what_another_model_found_and_other_jobs_have_is_not_counted(db: Database) -> None:
    job_id = new_job(db, ["Ann", "Bo"])
    new_job(db, ["Ann"], model=OTHER_MODEL)
    new_job(db, ["Cem"])
    finish_all(db, ["Ann", "Cem"])
    overview = store.job_overview(db, store.find_job(db, str(job_id)), 10)
    assert [(name.text, name.n) for name in overview.names] == [("Ann", 1)]


def test_a_job_of_which_nothing_was_read_has_none(db: Database) -> None:
    new_job(db, ["Ann"])
    overview = store.job_overview(db, store.find_job(db, "last"), 10)
    assert (overview.labels, overview.n_names, overview.names) == ({}, 0, ())
    assert overview.scores == (0,) * N_SCORE_CLASSES


def test_pages_are_those_of_the_latest_source_that_has_some(db: Database) -> None:
    document = new_source("a", "Ann").document
    new_job(db, [NewSource("a", document=document, page_starts=(0, 1)), NewSource("b", document=document)])
    new_job(db, [NewSource("c", document=document, page_starts=(0, 2)), new_source("d", "Bo")])
    assert store.document_pages(db, [1, 2, 3]) == {1: (0, 2)}
