"""Extractions whose process died: found by expired lease or dead worker, queued again or given up."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, cast, or_, select, update

from worker.store.chunks import chunks
from worker.store.clock import now
from worker.store.database import Database
from worker.store.rows import ExtractionStatus, Reclaimed
from worker.store.schema import IS_OPEN, extraction
from worker.store.transitions import RETURNED, failed


def reclaim(db: Database, max_losses: int, dead_workers: Collection[str] = ()) -> Reclaimed:
    """Take back what runs under an expired lease or on one of the dead workers.

    What was claimed together is queued again, each to be tried alone, and nothing is held against it. What
    had its process to itself loses a life: after `max_losses` it is failed(`worker_lost`).
    """
    is_lost = or_(extraction.c.lease_until < now(), extraction.c.worker.in_(dead_workers))
    with db.write() as connection:
        return take_from_dead(connection, is_lost, max_losses, skip_locked=True)


def running_workers(db: Database) -> set[str]:
    """The names of the workers that hold running extractions."""
    is_running = extraction.c.status == ExtractionStatus.RUNNING
    query = select(extraction.c.worker).where(IS_OPEN, is_running).distinct()
    with db.read() as connection:
        return {name for name in connection.execute(query).scalars() if name is not None}


def take_from_dead(
    connection: Connection, is_lost: ColumnElement[bool], max_losses: int, *, skip_locked: bool = False
) -> Reclaimed:
    """Apply the rule of `reclaim` to those running extractions that the condition calls lost.

    `skip_locked` leaves alone what someone else is changing right now: an attempt that finishes after all.
    """
    query = select(extraction.c.id, extraction.c.claimed_with, extraction.c.losses)
    query = query.where(IS_OPEN, extraction.c.status == ExtractionStatus.RUNNING, is_lost).order_by(
        extraction.c.id
    )
    rows = connection.execute(query.with_for_update(skip_locked=skip_locked)).all()
    together = [row.id for row in rows if (row.claimed_with or 1) > 1]
    alone = [row for row in rows if (row.claimed_with or 1) == 1]
    again = [row.id for row in alone if row.losses + 1 < max_losses]
    given_up = [row.id for row in alone if row.losses + 1 >= max_losses]
    one_more = extraction.c.losses + 1
    _update(connection, together, {**RETURNED, "alone": True})
    _update(connection, again, {**RETURNED, "alone": True, "losses": one_more})
    how_often = "The process that read it alone died; times: " + cast(one_more, String)
    _update(connection, given_up, {**failed("worker_lost", how_often), "losses": one_more})
    return Reclaimed(n_queued=len(together) + len(again), n_failed=len(given_up))


def _update(connection: Connection, ids: list[int], values: dict[str, Any]) -> None:
    for some in chunks(ids):
        connection.execute(update(extraction).where(extraction.c.id.in_(some)).values(values))
