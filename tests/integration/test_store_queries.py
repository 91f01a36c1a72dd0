from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice

import pytest
from sqlalchemy import event

from tests.samples import (
    MODEL,
    OTHER_MODEL,
    RUN,
    announced,
    claimed,
    failed_source,
    find_all,
    finish_all,
    new_job,
    new_source,
    result,
)
from worker import store
from worker.errors import InputError, NotFoundError
from worker.store import CountKey, Database, EntityQuery, documents, open_database

#: Names whose order differs between languages and code points, with the characters special to LIKE.
NAMES = [
    "ann",
    "Ann",
    "ANN",
    "Änn",
    "Zoe",
    "zoe",
    "Zo\u0308e",
    "Zöe",
    "_x",
    "%x",
    "ax",
    "100%",
    "100 %",
    "100x",
    "a_b",
    "aXb",
    "a\\b",
    "a/b",
    "New York",
    "New\nYork",
    "new  york",
    "Straße",
    "STRASSE",
    "東京",
    "😀",
    "ﬁ",
    "fi",
]
LONG = "Long\n" * 50
NAMES.append(LONG)


def texts(db: Database, query: EntityQuery) -> list[str]:
    return [row.text for row in store.find_entities(db, query)]


def fill(db: Database) -> None:
    """Documents with all names, some in both jobs, read by one or two models; one is being read once more."""
    paths = ["b/Zeta.txt", "a/été.txt", "a/Eta.txt", "a/eta.txt", "a_b/x.txt"]
    new_job(db, [new_source(p, "; ".join([p, *NAMES[i::2]])) for i, p in enumerate(paths)], name="first")
    finish_all(db, NAMES)
    again = [
        new_source("copy/Zeta.txt", "; ".join([paths[0], *NAMES[0::2]])),
        new_source("z.txt", "; ".join(NAMES)),
    ]
    new_job(db, again, name="second")
    finish_all(db, NAMES[::3], label="LOC")
    new_job(db, again, model=OTHER_MODEL, name="third")
    finish_all(db, NAMES[::2], label="ORG")
    new_job(db, [again[1]], model=OTHER_MODEL, again=True)


QUERIES = [
    EntityQuery(),
    EntityQuery(job_ids=(1,)),
    EntityQuery(job_ids=(2,)),
    EntityQuery(job_ids=(3,), labels=("ORG", "LOC")),
    EntityQuery(model_id=MODEL.id, labels=("PER",)),
    EntityQuery(document_ids=(1,)),
    EntityQuery(document_ids=(1,), model_id=OTHER_MODEL.id),
    EntityQuery(text="Ann"),
    EntityQuery(text="New York"),
    EntityQuery(like="ann"),
    EntityQuery(like="ÄNN"),
    EntityQuery(like="%"),
    EntityQuery(like="_"),
    EntityQuery(like="\\"),
    EntityQuery(like="/"),
    EntityQuery(like="a_b"),
    EntityQuery(like="new york"),
    EntityQuery(like="'; DROP TABLE entity; --"),
    EntityQuery(min_score=0.9),
    EntityQuery(min_score=0.95),
    EntityQuery(limit=7),
    EntityQuery(limit=7, offset=5),
    EntityQuery(offset=40),
    EntityQuery(limit=0),
    EntityQuery(job_ids=(99,)),
    EntityQuery(job_ids=(1, 3)),
    EntityQuery(document_ids=(1, 3)),
    EntityQuery(paths=("a/*.txt",)),
    EntityQuery(paths=("*.txt",), job_ids=(2,)),
    EntityQuery(paths=("[a]/*",)),
    EntityQuery(paths=("E?a.txt", "copy/**"), document_ids=(4,)),
    EntityQuery(name="NEW  york"),
    EntityQuery(name="long " * 60),
    EntityQuery(text=LONG),
    EntityQuery(beside=("ORG",)),
    EntityQuery(beside=("LOC",), labels=("PER",), limit=5),
    EntityQuery(since=0),
    EntityQuery(until=0),
    EntityQuery(after=9, limit=4),
    EntityQuery(sort=("text",)),
    EntityQuery(sort=("-label", "text", "-document"), limit=20),
    EntityQuery(sort=("-score", "label"), offset=3),
]
COUNTED_BY: list[tuple[CountKey, ...]] = [
    ("label",),
    ("text",),
    ("document",),
    ("job",),
    ("model",),
    ("label", "text"),
    ("job", "document"),
    ("model", "label", "job"),
    ("text", "job", "model"),
]


def test_both_databases_give_the_same_answers(sqlite_url: str, postgres_url: str) -> None:
    answers = []
    for url in (sqlite_url, postgres_url):
        db = open_database(url)
        fill(db)
        answer: dict[str, object] = {"documents": [asdict(d) for d in store.job_documents(db, 2)]}
        for query in QUERIES:
            answer[f"find {query}"] = [asdict(row) for row in store.find_entities(db, query)]
            for by in COUNTED_BY:
                answer[f"count {by} {query}"] = [row._asdict() for row in store.count_entities(db, query, by)]
        answer["paths"] = [store.find_document(db, str(i)).paths for i in range(1, 7)]
        answers.append(answer)
        db.close()
    on_sqlite, on_postgresql = answers
    for question, answer in on_sqlite.items():
        assert answer == on_postgresql[question], question
    assert json.dumps(on_sqlite) == json.dumps(on_postgresql), "types too"


# Finding entities.


@pytest.fixture
def names_db(db: Database) -> Database:
    """One document with every name once."""
    new_job(db, [new_source("names.txt", "; ".join(NAMES))])
    (extraction,) = claimed(db)
    entities, start = [], 0
    for name in NAMES:
        entities.append(store.NewEntity(start, start + len(name), "PER", name, 0.9))
        start += len(name) + 2
    store.finish(db, [result(extraction, entities)], RUN)
    return db


@pytest.mark.parametrize(
    ("like", "found"),
    [
        ("ann", ["ann", "Ann", "ANN"]),
        ("ÄNN", ["Änn"]),
        ("zöe", ["Zo\u0308e", "Zöe"]),
        ("%", ["%x", "100%", "100 %"]),
        ("_", ["_x", "a_b"]),
        ("\\", ["a\\b"]),
        ("/", ["a/b"]),
        ("NEW\tYORK", ["New York", "New\nYork", "new  york"]),
        ("strasse", ["Straße", "STRASSE"]),
        ("京", ["東京"]),
        ("ANNA", []),
    ],
)
def test_like_is_a_folded_substring_without_wildcards(
    names_db: Database, like: str, found: list[str]
) -> None:
    assert texts(names_db, EntityQuery(like=like)) == found


@pytest.mark.parametrize("text", ["Ann", "New\nYork", "%x", "Straße", "😀"])
def test_text_is_exact(names_db: Database, text: str) -> None:
    assert texts(names_db, EntityQuery(text=text)) == [text]


def test_entities_come_by_document_and_start(db: Database) -> None:
    new_job(db, [new_source("z.txt", "Eve Ann"), new_source("a.txt", "Ann Eve")])
    finish_all(db, ["Ann", "Eve"])
    found = [(e.path, e.start, e.text) for e in store.find_entities(db, EntityQuery())]
    assert found == [("z.txt", 0, "Eve"), ("z.txt", 4, "Ann"), ("a.txt", 0, "Ann"), ("a.txt", 4, "Eve")]


def test_a_document_with_several_sources_is_listed_once_by_the_first_of_the_job(db: Database) -> None:
    new_job(db, [new_source("old.txt", "Ann")])
    new_job(db, [new_source("new-1.txt", "Ann"), new_source("new-2.txt", "Ann", record="4")])
    finish_all(db, ["Ann"])
    assert [e.path for e in store.find_entities(db, EntityQuery(job_ids=(2,)))] == ["new-1.txt"]
    assert [e.path for e in store.find_entities(db, EntityQuery(job_ids=(1,)))] == ["old.txt"]
    assert [e.path for e in store.find_entities(db, EntityQuery())] == ["old.txt"]
    assert [(c.path, c.n) for c in store.count_entities(db, EntityQuery(job_ids=(2,)), ["document"])] == [
        ("new-1.txt", 1)
    ]


def test_a_job_shows_its_documents_and_its_model_alone(db: Database) -> None:
    new_job(db, ["Ann", "Bob"])
    finish_all(db, ["Ann", "Bob"])
    new_job(db, ["Ann"], model=OTHER_MODEL)
    finish_all(db, ["Ann"], label="ORG")
    rows = [(e.text, e.label, e.model_id) for e in store.find_entities(db, EntityQuery(job_ids=(2,)))]
    assert rows == [("Ann", "ORG", OTHER_MODEL.id)]
    assert [e.label for e in store.find_entities(db, EntityQuery(job_ids=(1,)))] == ["PER", "PER"]
    assert [e.model_id for e in store.document_entities(db, 1)] == [MODEL.id, OTHER_MODEL.id]
    assert [e.label for e in store.document_entities(db, 1, OTHER_MODEL.id)] == ["ORG"]


def test_only_what_is_done_is_seen(db: Database) -> None:
    job_id = new_job(db, ["Ann"])
    finish_all(db, ["Ann"])
    new_job(db, ["Ann"], again=True)
    for query in (
        EntityQuery(),
        EntityQuery(job_ids=(job_id,)),
        EntityQuery(document_ids=(1,)),
        EntityQuery(text="Ann"),
    ):
        assert texts(db, query) == []
    assert list(store.count_entities(db, EntityQuery(), ["label"])) == []
    (row,) = store.job_documents(db, job_id)
    assert (row.status, row.entities) == ("queued", ())


def test_counts_are_by_frequency_and_then_by_code_point(db: Database) -> None:
    text = "New York, New\nYork, new york, Zed, anna, Änne, Bob, Bob"
    new_job(db, [new_source("a.txt", text)])
    (extraction,) = claimed(db)
    spans = [(0, 8), (10, 18), (20, 28), (30, 33), (35, 39), (41, 45), (47, 50), (52, 55)]
    entities = [store.NewEntity(start, end, "X", text[start:end], 0.5) for start, end in spans]
    store.finish(db, [result(extraction, entities)], RUN)
    counts = list(store.count_entities(db, EntityQuery(), ["text"]))
    assert [(c.name, c.n) for c in counts] == [
        ("new york", 3),
        ("bob", 2),
        ("anna", 1),
        ("zed", 1),
        ("änne", 1),
    ]
    assert counts[1].text == "Bob"
    assert [c.name for c in store.count_entities(db, EntityQuery(limit=1, offset=1), ["text"])] == ["bob"]
    assert list(store.count_entities(db, EntityQuery(), ["label"])) == [store.CountRow(8, label="X")]
    assert list(store.count_entities(db, EntityQuery(), ["document"])) == [
        store.CountRow(8, path="a.txt", document_id=1)
    ]


def test_a_name_is_shown_in_its_most_frequent_spelling(db: Database) -> None:
    for i, name in enumerate(["IBM", "ibm", "IBM", "Ibm"]):
        new_job(db, [new_source(f"{i}", f"{name} {i}")])
        finish_all(db, [name])
    assert [(c.name, c.n, c.text) for c in store.count_entities(db, EntityQuery(), ["text"])] == [
        ("ibm", 4, "IBM")
    ]


def test_large_answers_stream_and_may_be_left_early(db: Database) -> None:
    text = " ".join(f"n{i:04}" for i in range(1500))
    new_job(db, [new_source(str(i), f"{text} {i}") for i in range(3)])
    finish_all(db, text.split())
    rows = store.find_entities(db, EntityQuery())
    assert [row.start for row in islice(rows, 3)] == [0, 6, 12]
    # While one reader is in the middle, others write, and the reader goes on seeing what was.
    new_job(db, [new_source("more", text)])
    finish_all(db, text.split())
    assert sum(1 for _ in rows) == 3 * 1500 - 3
    early = store.find_entities(db, EntityQuery())
    next(early)
    assert isinstance(early, Iterator)
    early.close()  # type: ignore[attr-defined]
    assert sum(1 for _ in store.find_entities(db, EntityQuery())) == 4 * 1500


# Documents.


def test_a_document_is_found_by_id_path_and_end_of_path(db: Database) -> None:
    new_job(db, ["in/contracts/a.txt", "in/b.txt", "in/xb.txt", "in/B.txt"])
    assert store.find_document(db, "1").paths == ("in/contracts/a.txt",)
    for ref in ("in/contracts/a.txt", "a.txt", "contracts/a.txt", "./contracts/a.txt", "/a.txt"):
        assert store.find_document(db, ref).id == 1
    assert store.find_document(db, "b.txt").id == 2
    assert store.find_document(db, "B.txt").id == 4
    for ref in (".txt", "99", "c.txt", "%", "in", ""):
        with pytest.raises(NotFoundError):
            store.find_document(db, ref)


def test_a_document_is_looked_for_in_the_jobs_that_are_given(db: Database) -> None:
    jobs = [
        new_job(db, [new_source("in/a.txt", "first"), "x/b.txt"]),
        new_job(db, [new_source("in/a.txt", "second"), "y/b.txt"]),
    ]
    texts = [store.find_document(db, "a.txt", [job]).text for job in jobs]
    assert texts == ["first", "second"]
    assert store.find_document(db, "a.txt").text == "second"
    assert store.find_document(db, "b.txt", [jobs[0]]).paths == ("x/b.txt",)
    with pytest.raises(InputError, match="more than one"):
        store.find_document(db, "b.txt")


def test_an_ambiguous_document_is_refused_with_the_candidates(db: Database) -> None:
    new_job(
        db, ["x/a.txt", "y/a.txt"] + [new_source("r.jsonl", f"text {i}", record=str(i)) for i in range(8)]
    )
    with pytest.raises(InputError, match=r"1 \(x/a.txt\), 2 \(y/a.txt\)"):
        store.find_document(db, "a.txt")
    with pytest.raises(InputError, match=r"3 \(r.jsonl, record 0\).* and 3 more"):
        store.find_document(db, "r.jsonl")


def test_a_record_is_found_by_its_file_and_its_name(db: Database) -> None:
    records = [new_source("in/r.csv", f"text {record}", record=record) for record in ("L1", "L2", "a#b")]
    new_job(db, [*records, "in/a#L1", "x/c.txt", "y/c.txt"])
    for ref in ("in/r.csv#L2", "r.csv#L2"):
        assert store.find_document(db, ref).id == 2
    assert store.find_document(db, "r.csv#a#b").id == 3
    assert store.find_document(db, "a#L1").id == 4, "a path with that name comes first"
    for ref in ("r.csv#L", "r.csv#", ".csv#L2", "#L2"):
        with pytest.raises(NotFoundError):
            store.find_document(db, ref)


def test_a_file_of_records_is_one_file_whatever_paths_it_has(db: Database) -> None:
    records = [new_source("in/r.csv", f"text {record}", record=record) for record in ("L1", "L2")]
    new_job(db, [*records, "x/c.txt", "y/c.txt"])
    refs = ("r.csv", "in/r.csv", "c.txt", "r.csv#L2", "no", "1")
    assert [ref for ref in refs if store.is_file_of_records(db, ref)] == ["r.csv", "in/r.csv"]
    new_job(db, [new_source("/all/in/r.csv", f"text {record}", record=record) for record in ("L1", "L2")])
    assert store.is_file_of_records(db, "r.csv")
    new_job(db, [new_source("r.csv", f"more {record}", record=record) for record in ("L1", "L2")])
    assert not store.is_file_of_records(db, "r.csv"), "two files"
    assert store.is_file_of_records(db, "in/r.csv")


def test_a_path_means_its_latest_content(db: Database) -> None:
    new_job(db, [new_source("in/a.txt", "old")])
    new_job(db, [new_source("in/a.txt", "new")])
    new_job(db, [failed_source("in/a.txt")])
    assert store.find_document(db, "in/a.txt").text == "new"
    assert store.find_document(db, "a.txt").text == "new"


def test_a_path_that_is_a_number_is_found_when_no_document_has_the_id(db: Database) -> None:
    new_job(db, ["2024"])
    assert store.find_document(db, "2024").id == 1


def test_the_documents_of_a_job_come_as_submitted_each_source_with_its_entities(db: Database) -> None:
    sources = [
        new_source("b", "Bob"),
        failed_source("f"),
        new_source("a", "Ann"),
        new_source("c", "Bob", record="1"),
    ]
    job_id = new_job(db, [*sources, *(f"{i}" for i in range(100))])
    bob, ann, *others = claimed(db)
    store.finish(db, [result(bob, find_all("Bob", "Bob")), *map(result, others)], RUN)
    rows = list(store.job_documents(db, job_id))
    assert [row.path for row in rows] == ["b", "a", "c", *(str(i) for i in range(100))]
    assert [(row.record, row.status, [e.text for e in row.entities]) for row in rows[:3]] == [
        (None, "done", ["Bob"]),
        (None, "running", []),
        ("1", "done", ["Bob"]),
    ]
    assert rows[0].entities == tuple(find_all("Bob", "Bob"))
    assert ann.text == rows[1].text


def test_a_page_of_a_jobs_documents_is_found_without_sorting_the_job(sqlite_url: str) -> None:
    db = open_database(sqlite_url)
    job_id = new_job(db)
    plan: list[str] = []
    with db.read() as connection:

        @event.listens_for(connection, "before_cursor_execute", retval=True)
        def explain(_c: object, _cursor: object, sql: str, values: object, *_: object) -> tuple[str, object]:
            return f"EXPLAIN QUERY PLAN {sql}", values

        plan += [row[3] for row in documents._sources_after(connection, job_id, 0)]
    db.close()
    assert any("ix_source_job_id_id (job_id=? AND id>?)" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


def test_models_are_listed_with_what_they_read(db: Database) -> None:
    assert store.list_models(db) == []
    new_job(db, ["a", "b"], model=OTHER_MODEL)
    finish_all(db)
    new_job(db, ["a"])
    first, second = store.list_models(db)
    assert (first.name, first.n_done, second.name, second.n_done) == ("general", 0, "legal", 2)
    assert second.labels == OTHER_MODEL.labels
    assert announced(db) == [3]
