"""An entity belongs to an extraction, on both databases, whatever statement changes the tables."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select, update

from tests.samples import finish_all, new_job
from worker.errors import NerqError
from worker.store import Database
from worker.store.bulk import insert_rows
from worker.store.schema import entity, extraction

COLUMNS = ("extraction_id", "start", "end", "label", "text", "name", "score")


def test_an_entity_of_no_extraction_is_refused_and_takes_its_statement_along(db: Database) -> None:
    new_job(db, ["Ann"])
    rows = [(1, 0, 3, "PER", "Ann", "ann", 0.5), (7, 0, 3, "PER", "Ann", "ann", 0.5)]
    with pytest.raises(NerqError), db.write() as connection:
        insert_rows(connection, entity, COLUMNS, rows)
    with db.read() as connection:
        assert connection.execute(select(func.count()).select_from(entity)).scalar() == 0


def test_an_entity_cannot_be_given_to_no_extraction(db: Database) -> None:
    new_job(db, ["Ann"])
    finish_all(db, ["Ann"])
    with pytest.raises(NerqError), db.write() as connection:
        connection.execute(update(entity).values(extraction_id=7))


def test_a_deleted_extraction_takes_its_entities_along(db: Database) -> None:
    new_job(db, ["Ann", "Bob and Ann"])
    finish_all(db, ["Ann", "Bob"])
    with db.write() as connection:
        connection.execute(delete(extraction).where(extraction.c.id == 2))
    with db.read() as connection:
        assert connection.execute(select(entity.c.extraction_id)).scalars().all() == [1]
