"""Signs of life of worker processes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from worker.store.answers import WorkerRow
from worker.store.clock import now
from worker.store.database import Database
from worker.store.schema import worker
from worker.store.upsert import upsert
from worker.text import storable


def beat(db: Database, name: str, host: str, pid: int, device: str, note: str | None = None) -> None:
    """Note that the worker is alive, and on what device.

    Args:
        db: the database.
        name: host:pid:start.
        host: its machine.
        pid: its process there.
        device: what it reads on.
        note: what ails it, for people; empty if nothing does any more, None leaves what was noted.
    """
    seen: dict[str, Any] = {"host": host, "pid": pid, "device": device, "seen_at": now()}
    if note is not None:
        seen["note"] = storable(note) or None
    with db.write() as connection:
        put = upsert(connection, worker).values(name=name, started_at=now(), **seen)
        connection.execute(put.on_conflict_do_update(index_elements=["name"], set_=seen))


def leave(db: Database, name: str) -> None:
    """Forget a worker that stopped."""
    with db.write() as connection:
        connection.execute(delete(worker).where(worker.c.name == name))


def live_workers(db: Database, within_s: float) -> list[WorkerRow]:
    """The workers seen in the last `within_s` seconds, by name."""
    query = select(worker).where(worker.c.seen_at >= now() - within_s).order_by(worker.c.name)
    with db.read() as connection:
        return [
            WorkerRow(row.name, row.host, row.pid, row.device, row.started_at, row.seen_at, row.note)
            for row in connection.execute(query)
        ]
