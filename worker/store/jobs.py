"""Jobs: made, closed, found, cancelled and tried again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, or_, select, update

from worker.errors import InputError, NotFoundError
from worker.store.chunks import chunks
from worker.store.clock import now
from worker.store.database import AnyRow, Database
from worker.store.rows import ExtractionStatus, Job, ModelFacts
from worker.store.schema import extraction, job, source
from worker.store.schema import model as model_table
from worker.store.transitions import REQUEUED
from worker.store.upsert import upsert
from worker.text import storable

_NUMBER = re.compile(r"[0-9]{1,18}")
_LAST = "last"
_MAX_NAME_CHARS = 200
#: PostgreSQL's advisory lock of those who change jobs; the number only has to be ours.
_JOBS_LOCK = 0x6E657272
_OPEN = (ExtractionStatus.QUEUED, ExtractionStatus.RUNNING)


def create_job(db: Database, name: str | None, model: ModelFacts, options: Mapping[str, Any]) -> int:
    """Make a job without sources, and the row of its model if that is new; the job's id.

    Raises:
        InputError: another job has the name, it is too long, or it is a number or `last`, which name jobs in
            another way.
    """
    if name is not None and len(name) > _MAX_NAME_CHARS:
        raise InputError(f"A job's name has at most {_MAX_NAME_CHARS} characters.")
    if name is not None and (not name.strip() or _NUMBER.fullmatch(name) or name == _LAST):
        raise InputError(f"A job cannot be called {name!r}: a number or 'last' names a job in another way.")
    name = None if name is None else storable(name)
    values = {
        "name": name,
        "model_id": model.id,
        "created_at": now(),
        "options": dict(options),
        "skipped": {},
    }
    with db.write() as connection:
        _put_model(connection, model)
        # One statement, so that two submits that choose a name at the same time cannot both pass a check.
        put = upsert(connection, job).values(values).on_conflict_do_nothing(index_elements=["name"])
        row = connection.execute(put.returning(job.c.id)).first()
    if row is None:
        raise InputError(f"There is a job called {name!r} already; choose another --name.")
    return int(row.id)


def close_job(db: Database, job_id: int, skipped: Mapping[str, int]) -> None:
    """Note that all sources are in, and how many files were skipped for what reason."""
    counts = {storable(reason): n for reason, n in skipped.items()}
    with db.write() as connection:
        connection.execute(update(job).where(job.c.id == job_id).values(closed_at=now(), skipped=counts))


def find_job(db: Database, ref: str) -> Job:
    """The job by its number, its name, or `last`. Raises NotFoundError."""
    query = _jobs()
    if ref == _LAST:
        query = query.order_by(job.c.id.desc()).limit(1)
    elif _NUMBER.fullmatch(ref):
        query = query.where(job.c.id == int(ref))
    else:
        query = query.where(job.c.name == storable(ref))
    with db.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NotFoundError(
            "There is no job yet." if ref == _LAST else f"There is no job {ref!r}; see `nerq status`."
        )
    return to_job(row)


def list_jobs(db: Database, limit: int) -> list[Job]:
    """The latest jobs, newest first."""
    with db.read() as connection:
        return [to_job(row) for row in connection.execute(_jobs().order_by(job.c.id.desc()).limit(limit))]


def cancel_job(db: Database, job_id: int) -> int:
    """Cancel what only this job waits for, running extractions too; how many those were.

    Another job waits for what was queued before all its sources were in. What was queued later is read anew
    for someone else: that job had its answer. One whose submit was interrupted waits until it is cancelled.

    After it returns nothing of them is stored any more: their attempts have lost the fence.
    """
    with db.write() as connection:
        row = lock_job(connection, job_id)
        connection.execute(
            update(job).where(job.c.id == job_id, job.c.cancelled_at.is_(None)).values(cancelled_at=now())
        )
        ids = _lock_extractions(connection, row, _OPEN, but_not_awaited_by_others=True)
        cancelled = {"status": ExtractionStatus.CANCELLED, "finished_at": now(), "lease_until": None}
        _update(connection, ids, cancelled)
    return len(ids)


def retry_job(db: Database, job_id: int) -> int:
    """Queue what failed or was cancelled in this job once more, with a clean record; how many those were."""
    with db.write() as connection:
        row = lock_job(connection, job_id)
        connection.execute(update(job).where(job.c.id == job_id).values(cancelled_at=None))
        ids = _lock_extractions(connection, row, (ExtractionStatus.FAILED, ExtractionStatus.CANCELLED))
        _update(connection, ids, REQUEUED)
        if _lock_extractions(connection, row, _OPEN):
            # It waits for whatever is open, as if it had been submitted now (see `cancel_job`).
            is_closed = (job.c.id == job_id) & job.c.closed_at.is_not(None)
            connection.execute(update(job).where(is_closed).values(closed_at=now()))
    return len(ids)


def lock_job(connection: Connection, job_id: int) -> AnyRow:
    """The job's row, with all jobs locked as by `lock_jobs`. Raises NotFoundError."""
    lock_jobs(connection)
    row = job_row(connection, job_id)
    if row is None:
        raise NotFoundError(f"There is no job {job_id}.")
    return row


def lock_jobs(connection: Connection) -> None:
    """Until the transaction ends, no one else adds to, cancels, retries or purges any job.

    Whether another job waits for an extraction can be told only while no other job changes. SQLite has one
    writer anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_JOBS_LOCK)))


def job_row(connection: Connection, job_id: int) -> AnyRow | None:
    """The job with its model's name, if it exists."""
    return connection.execute(_jobs().where(job.c.id == job_id)).first()


def _lock_extractions(
    connection: Connection,
    row: AnyRow,
    statuses: Sequence[ExtractionStatus],
    *,
    but_not_awaited_by_others: bool = False,
) -> list[int]:
    """Ids of the job's extractions in these states, locked in id order so that no two callers deadlock."""
    documents = select(source.c.document_id).where(
        source.c.job_id == row.id, source.c.document_id.is_not(None)
    )
    query = select(extraction.c.id).where(
        extraction.c.model_id == row.model_id,
        extraction.c.document_id.in_(documents),
        extraction.c.status.in_(statuses),
    )
    if but_not_awaited_by_others:
        is_live = and_(
            job.c.id == source.c.job_id,
            job.c.model_id == row.model_id,
            job.c.cancelled_at.is_(None),
            or_(job.c.closed_at.is_(None), job.c.closed_at >= extraction.c.queued_at),
        )
        others = exists().where(
            source.c.document_id == extraction.c.document_id, source.c.job_id != row.id, is_live
        )
        query = query.where(~others)
    return list(connection.execute(query.order_by(extraction.c.id).with_for_update(of=extraction)).scalars())


def _update(connection: Connection, ids: Sequence[int], values: Mapping[str, Any]) -> None:
    for some in chunks(ids):
        connection.execute(update(extraction).where(extraction.c.id.in_(some)).values(values))


def _put_model(connection: Connection, facts: ModelFacts) -> None:
    """A known model keeps its row; its name and path follow it when its folder has moved."""
    put = upsert(connection, model_table).values(
        id=facts.id,
        name=facts.name,
        path=facts.path,
        labels=list(facts.labels),
        details=dict(facts.details),
        created_at=now(),
    )
    moved = {"name": put.excluded.name, "path": put.excluded.path}
    connection.execute(put.on_conflict_do_update(index_elements=["id"], set_=moved))


def _jobs() -> Select[Any]:
    return select(job, model_table.c.name.label("model_name")).join(
        model_table, model_table.c.id == job.c.model_id
    )


def to_job(row: AnyRow) -> Job:
    """The value of a row of `job_row`."""
    return Job(
        id=row.id,
        name=row.name,
        model_id=row.model_id,
        model_name=row.model_name,
        created_at=row.created_at,
        closed_at=row.closed_at,
        cancelled_at=row.cancelled_at,
        options=row.options,
        skipped=row.skipped,
    )
