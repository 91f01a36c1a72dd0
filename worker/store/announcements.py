"""Which queued extractions a message has named, and how much work is open."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update

from worker.store.chunks import chunks
from worker.store.clock import now
from worker.store.database import Database
from worker.store.rows import Announced, ExtractionStatus, OpenWork
from worker.store.schema import IS_OPEN, document, extraction


def announce(db: Database, limit: int) -> list[Announced]:
    """Up to `limit` queued extractions that no message names yet, in id order; they count as sent now.

    Callers at the same time get different ones. What then cannot be sent must go to `unannounce`.
    """
    return _announce(db, extraction.c.dispatched_at.is_(None), limit)


def announce_again(db: Database, older_than_s: float, limit: int, after_id: int = 0) -> list[Announced]:
    """Up to `limit` extractions announced more than `older_than_s` seconds ago that are still queued.

    In id order, those after `after_id`: each counts as sent now, and may be due once more before long.
    """
    is_due = extraction.c.dispatched_at < now() - older_than_s
    return _announce(db, is_due & (extraction.c.id > after_id), limit)


def unannounce(db: Database, ids: Sequence[int]) -> None:
    """Note that the message was not sent after all; what was claimed meanwhile is left as it is."""
    with db.write() as connection:
        for some in chunks(sorted(ids)):
            is_queued = extraction.c.id.in_(some) & (extraction.c.status == ExtractionStatus.QUEUED)
            connection.execute(update(extraction).where(is_queued).values(dispatched_at=None))


def open_work(db: Database) -> OpenWork:
    """How many extractions are queued, running, and queued but not announced."""
    n_undispatched = func.count() - func.count(extraction.c.dispatched_at)
    query = select(extraction.c.status, func.count().label("n"), n_undispatched.label("n_undispatched"))
    query = query.where(IS_OPEN)
    with db.read() as connection:
        rows = {row.status: row for row in connection.execute(query.group_by(extraction.c.status))}
    queued, running = rows.get(ExtractionStatus.QUEUED), rows.get(ExtractionStatus.RUNNING)
    return OpenWork(
        queued.n if queued else 0, running.n if running else 0, queued.n_undispatched if queued else 0
    )


def _announce(db: Database, is_due: ColumnElement[bool], limit: int) -> list[Announced]:
    query = (
        select(extraction.c.id, extraction.c.model_id, document.c.n_chars, extraction.c.alone)
        .join(document, document.c.id == extraction.c.document_id)
        .where(IS_OPEN, extraction.c.status == ExtractionStatus.QUEUED, is_due)
        .order_by(extraction.c.id)
        .limit(limit)
        .with_for_update(of=extraction, skip_locked=True)
    )
    with db.write() as connection:
        rows = connection.execute(query).all()
        for some in chunks(rows):
            ids = [row.id for row in some]
            connection.execute(update(extraction).where(extraction.c.id.in_(ids)).values(dispatched_at=now()))
    return [Announced(row.id, row.model_id, row.n_chars, row.alone) for row in rows]
