"""How far a job is, and what went wrong in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Subquery, case, func, or_, select

from worker.errors import NotFoundError
from worker.store.answers import ErrorRow
from worker.store.clock import now
from worker.store.database import AnyRow, Database
from worker.store.jobs import job_row, to_job
from worker.store.rows import ExtractionStatus, Job, Progress
from worker.store.schema import document, extraction, source
from worker.store.schema import job as job_table
from worker.store.streaming import stream

#: The speed is that of the last ten minutes.
SPEED_WINDOW_S = 600.0


def job_progress(db: Database, job_id: int) -> Progress:
    """Counts, times and speed of a job, all of one moment. Raises NotFoundError."""
    with db.read() as connection:
        row = job_row(connection, job_id)
        if row is None:
            raise NotFoundError(f"There is no job {job_id}.")
        job = to_job(row)
        n_sources, failures = _sources(connection, job_id)
        n_failed_sources = failures.total()
        states = list(connection.execute(_by_status(job)))
        failures += _extraction_failures(connection, job)
        finished_at = _finished_at(job, states)
        moment = float(connection.execute(select(now())).scalar_one())
        speed = _speed(connection, job, states, moment if finished_at is None else finished_at)
    return _progress(job, n_sources, n_failed_sources, failures, states, finished_at, speed)


def job_errors(db: Database, job_id: int) -> Iterator[ErrorRow]:
    """The failed sources of a job, and those whose extraction failed, in the order of submission."""
    model_id = select(job_table.c.model_id).where(job_table.c.id == job_id).scalar_subquery()
    is_its = (extraction.c.document_id == source.c.document_id) & (extraction.c.model_id == model_id)
    query = (
        select(
            source.c.path,
            source.c.record,
            func.coalesce(source.c.error_code, extraction.c.error_code).label("code"),
            func.coalesce(source.c.error_detail, extraction.c.error_detail, "").label("detail"),
            func.coalesce(extraction.c.attempt, 0).label("attempt"),
        )
        .select_from(source.outerjoin(extraction, is_its))
        .where(source.c.job_id == job_id)
        .where(or_(source.c.error_code.is_not(None), extraction.c.status == ExtractionStatus.FAILED))
        .order_by(source.c.id)
    )
    for row in stream(db, query):
        yield ErrorRow(row.path, row.record, row.code, row.detail, row.attempt)


def _documents_of(job_id: int) -> Subquery:
    query = select(source.c.document_id).where(source.c.job_id == job_id, source.c.document_id.is_not(None))
    return query.distinct().subquery("documents")


def _sources(connection: Connection, job_id: int) -> tuple[int, Counter[str]]:
    """How many sources, and the error codes of those that failed."""
    query = select(source.c.error_code, func.count().label("n")).where(source.c.job_id == job_id)
    counts = {row.error_code: row.n for row in connection.execute(query.group_by(source.c.error_code))}
    n_sources = sum(counts.values())
    counts.pop(None, None)
    return n_sources, Counter(counts)


def _by_status(job: Job) -> Any:
    documents = _documents_of(job.id)
    return (
        select(
            extraction.c.status,
            func.count().label("n"),
            func.sum(document.c.n_chars).label("n_chars"),
            func.sum(func.coalesce(extraction.c.n_entities, 0)).label("n_entities"),
            func.min(case((extraction.c.started_at >= job.created_at, extraction.c.started_at))).label(
                "started_at"
            ),
            func.max(extraction.c.finished_at).label("finished_at"),
            func.min(extraction.c.queued_at).label("queued_at"),
        )
        .select_from(documents)
        .join(document, document.c.id == documents.c.document_id)
        .join(extraction, extraction.c.document_id == documents.c.document_id)
        .where(extraction.c.model_id == job.model_id)
        .group_by(extraction.c.status)
    )


def _extraction_failures(connection: Connection, job: Job) -> Counter[str]:
    documents = _documents_of(job.id)
    query = (
        select(extraction.c.error_code, func.count().label("n"))
        .join(documents, documents.c.document_id == extraction.c.document_id)
        .where(extraction.c.model_id == job.model_id, extraction.c.status == ExtractionStatus.FAILED)
        .group_by(extraction.c.error_code)
    )
    return Counter({row.error_code: row.n for row in connection.execute(query)})


def _progress(
    job: Job,
    n_sources: int,
    n_failed_sources: int,
    failures: Counter[str],
    rows: Sequence[AnyRow],
    finished_at: float | None,
    speed: float | None,
) -> Progress:
    by_status = {ExtractionStatus(row.status): row for row in rows}
    states = {status: int(by_status[status].n) if status in by_status else 0 for status in ExtractionStatus}
    done = by_status.get(ExtractionStatus.DONE)
    n_chars_left = sum(int(row.n_chars) for status, row in by_status.items() if not status.is_final)
    n_chars_total = sum(int(row.n_chars) for row in rows)
    started_at = min((row.started_at for row in rows if row.started_at is not None), default=None)
    return Progress(
        job=job,
        n_sources=n_sources,
        n_failed_sources=n_failed_sources,
        states=states,
        failures=dict(sorted(failures.items())),
        n_entities=int(done.n_entities) if done else 0,
        n_chars_total=n_chars_total,
        n_chars_done=n_chars_total - n_chars_left,
        started_at=started_at,
        finished_at=finished_at,
        chars_per_s=speed,
        seconds_left=n_chars_left / speed if speed and finished_at is None else None,
    )


def _finished_at(job: Job, rows: Sequence[AnyRow]) -> float | None:
    """When the last extraction became final; not before all sources were in: there might be more."""
    if job.cancelled_at is not None:
        return job.cancelled_at
    if _open(rows) or job.closed_at is None:
        return None
    return max([job.closed_at, *(float(row.finished_at) for row in rows)])


def _speed(connection: Connection, job: Job, rows: Sequence[AnyRow], until: float) -> float | None:
    """Characters a second of late; None where nothing was read of late: a pause says nothing about the speed."""
    since = max(_queued_at(job, rows), until - SPEED_WINDOW_S)
    documents = _documents_of(job.id)
    query = (
        select(
            func.sum(document.c.n_chars).label("n_chars"), func.min(extraction.c.started_at).label("first")
        )
        .select_from(documents)
        .join(document, document.c.id == documents.c.document_id)
        .join(extraction, extraction.c.document_id == documents.c.document_id)
        .where(extraction.c.model_id == job.model_id, extraction.c.status == ExtractionStatus.DONE)
        .where(extraction.c.finished_at.between(since, until))
    )
    late = connection.execute(query).one()
    if not late.n_chars or late.first is None or until <= max(since, late.first):
        return None
    return int(late.n_chars) / (until - max(since, float(late.first)))


def _queued_at(job: Job, rows: Sequence[AnyRow]) -> float:
    """When the work was queued: at the submit, or at the retry after which nothing older is open."""
    queued = [float(row.queued_at) for row in _open(rows)] if job.closed_at is not None else []
    return max(job.created_at, min(queued, default=0.0))


def _open(rows: Sequence[AnyRow]) -> list[AnyRow]:
    return [row for row in rows if not ExtractionStatus(row.status).is_final]
