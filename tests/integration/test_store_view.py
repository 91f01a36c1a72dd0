"""`entity_view`, which people ask in SQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from tests.integration.test_store_evaluations import migrate
from tests.old_databases import copy_into_old
from tests.samples import OTHER_MODEL, failed_source, finish_all, new_job, new_source
from worker import store
from worker.store import Database, EntityQuery, open_database, upgrade_database

COLUMNS = (
    "id job_id job path record page document_id label text name start end score model_id model finished_at"
).split()

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
CANNED = yaml.safe_load((EXAMPLES / "datasette.yaml").read_text())["databases"]["nerq"]["queries"]


def ask(db: Database, rest: str = "ORDER BY job_id, path, record, start") -> list[dict[str, Any]]:
    with db.read() as connection:
        rows = connection.execute(text("SELECT * FROM entity_view " + rest))  # noqa: S608 - of this file
        return [dict(row) for row in rows.mappings()]


def fill(db: Database) -> None:
    pages = replace(new_source("in/a.pdf", "Ann and\fBob\fand Carl"), page_starts=(0, 8, 12))
    new_job(db, [pages, new_source("in/b.jsonl", "Bob", record="r1")], name="first")
    finish_all(db, ["Ann", "Bob", "Carl"])
    new_job(db, [new_source("copy.txt", "Ann and\fBob\fand Carl")])
    new_job(db, [new_source("in/b.jsonl", "Bob", record="r1")], model=OTHER_MODEL)
    finish_all(db, ["Bob"], label="ORG")


def test_it_has_a_row_for_each_entity_of_each_source(db: Database) -> None:
    fill(db)
    rows = ask(db)
    assert list(rows[0]) == COLUMNS
    shown = [
        (row["job_id"], row["job"], row["path"], row["record"], row["page"], row["text"], row["model"])
        for row in rows
    ]
    assert shown == [
        (1, "first", "in/a.pdf", None, 1, "Ann", "general"),
        (1, "first", "in/a.pdf", None, 2, "Bob", "general"),
        (1, "first", "in/a.pdf", None, 3, "Carl", "general"),
        (1, "first", "in/b.jsonl", "r1", None, "Bob", "general"),
        (2, None, "copy.txt", None, None, "Ann", "general"),
        (2, None, "copy.txt", None, None, "Bob", "general"),
        (2, None, "copy.txt", None, None, "Carl", "general"),
        (3, None, "in/b.jsonl", "r1", None, "Bob", "legal"),
    ]


def test_its_values_are_those_of_the_entities(db: Database) -> None:
    fill(db)
    rows = {row["id"]: row for row in ask(db, "WHERE job_id = 1")}
    for entity in store.find_entities(db, EntityQuery(job_ids=(1,))):
        row = rows[entity.id]
        same = ("document_id", "path", "record", "page", "start", "end", "label", "text", "score", "model_id")
        assert [row[key] for key in same] == [getattr(entity, key) for key in same]
        assert row["name"] == store.fold_name(entity.text)
    (reading,) = store.document_readings(db, 1)
    times = {row["finished_at"] for row in rows.values() if row["document_id"] == 1}
    assert times == {datetime.fromtimestamp(int(reading.finished_at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def test_it_shows_only_what_is_done(db: Database) -> None:
    fill(db)
    new_job(db, [new_source("in/b.jsonl", "Bob", record="r1")], again=True)
    assert {row["document_id"] for row in ask(db, "WHERE model = 'general'")} == {1}


def test_both_databases_show_the_same(sqlite_url: str, postgres_url: str) -> None:
    answers = []
    for url in (sqlite_url, postgres_url):
        db = open_database(url)
        fill(db)
        answers.append([row | {"finished_at": len(row["finished_at"])} for row in ask(db)])
        db.close()
    assert answers[0] == answers[1]


@pytest.mark.parametrize("version", ["0001", "0002", "0003"])
def test_a_filled_database_of_every_version_gets_it(
    version: str, sqlite_url: str, empty_postgres_url: str
) -> None:
    filled = open_database(sqlite_url)
    fill(filled)
    for url in (f"sqlite:///{version}.db", empty_postgres_url):
        copy_into_old(filled, url, version)
        upgrade_database(url)
        new = open_database(url)
        assert len(ask(new)) == 8
        assert [row.n for row in store.count_entities(new, EntityQuery(), ["text"])] == [3, 1, 1]
        migrate(new, version)
        upgrade_database(url)
        assert len(ask(new)) == 8
        new.close()
    filled.close()


@pytest.mark.parametrize("name", list(CANNED))
def test_the_canned_queries_of_datasette_answer(name: str, sqlite_url: str) -> None:
    db = open_database(sqlite_url)
    fill(db)
    new_job(db, [failed_source("broken.txt")])
    with db.read() as connection:
        rows = connection.execute(text(CANNED[name]["sql"]), {"label": "PER", "name": "Bob"}).all()
    db.close()
    assert rows
