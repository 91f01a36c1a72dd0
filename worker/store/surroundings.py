"""What stands around entities: the text of their document, and its other entities."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from worker.store.database import Database
from worker.store.schema import document, entity
from worker.text import storable


def read_text(db: Database, document_id: int) -> str | None:
    """The text of a document; None if it was deleted meanwhile."""
    with db.read() as connection:
        return connection.execute(select(document.c.text).where(document.c.id == document_id)).scalar()


def read_spans(db: Database, extraction_id: int, labels: Sequence[str]) -> list[tuple[int, int, int]]:
    """(start, end, id) of the entities of these labels in one reading of a document, in order."""
    e = entity.c
    query = select(e.start, e.end, e.id).where(
        e.extraction_id == extraction_id, e.label.in_([storable(label) for label in labels])
    )
    with db.read() as connection:
        return [(row.start, row.end, row.id) for row in connection.execute(query.order_by(e.start, e.end))]
