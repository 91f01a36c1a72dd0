"""Jobs and documents deleted for good, with all that was found in them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, exists, func, or_, select

from worker.errors import InputError, NotFoundError, ServiceError
from worker.store.chunks import chunks
from worker.store.database import Database
from worker.store.documents import is_at_path_end
from worker.store.jobs import find_job, lock_jobs
from worker.store.rows import ExtractionStatus
from worker.store.schema import document, entity, extraction, job, source
from worker.text import storable

_NUMBER = re.compile(r"[0-9]{1,18}")
_PATHS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Doomed:
    """What is to be deleted: jobs, documents wherever they were submitted, and all that has one of the paths."""

    job_ids: frozenset[int] = frozenset()
    document_ids: frozenset[int] = frozenset()
    paths: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Purged:
    """Rows that are deleted; `n_running` of the extractions were being read, `n_kept` documents of the jobs stay."""

    n_jobs: int
    n_documents: int
    n_sources: int
    n_extractions: int
    n_entities: int
    n_running: int
    n_kept: int


def find_doomed(db: Database, jobs: Iterable[str], documents: Iterable[str]) -> Doomed:
    """What people name: jobs as `find_job` takes them; documents by an id, a path, or the end of one path.

    A path means every text that was ever submitted under it.

    Raises:
        NotFoundError: something that is named does not exist.
        InputError: an end of a path fits several.
    """
    job_ids = frozenset(find_job(db, ref).id for ref in jobs)
    document_ids: set[int] = set()
    paths: set[str] = set()
    with db.read() as connection:
        for ref in documents:
            if _NUMBER.fullmatch(ref) and _has_document(connection, int(ref)):
                document_ids.add(int(ref))
            else:
                paths.add(_path(connection, storable(ref)))
    return Doomed(job_ids, frozenset(document_ids), frozenset(paths))


def purge_extent(db: Database, doomed: Doomed) -> Purged:
    """What `purge` would delete now."""
    with db.read() as connection:
        return _count(connection, _Rows.of(connection, doomed))


def purge(db: Database, doomed: Doomed) -> Purged:
    """Delete it, all or nothing. What another job has submitted too stays; figures of evaluations stay.

    Attempts that are running lose the fence: what they find is never stored.
    """
    with db.write() as connection:
        if db.is_sqlite:
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        lock_jobs(connection)
        rows = _Rows.of(connection, doomed, lock=True)
        purged = _count(connection, rows)
        _delete(connection, entity, entity.c.extraction_id.in_, rows.extractions)
        _delete(connection, extraction, extraction.c.id.in_, rows.extractions)
        _delete(connection, source, source.c.id.in_, rows.sources)
        _delete(connection, document, document.c.id.in_, rows.documents)
        _delete(connection, job, job.c.id.in_, rows.jobs)
    return purged


def scrub(db: Database) -> str | None:
    """Overwrite what was deleted in SQLite's file and log; why that was not possible, None if it was.

    Only what the file system, its snapshots and backups have kept of their own accord remains.

    Raises:
        ServiceError: the file cannot be written anew; there is no room for it, perhaps.
    """
    with db.driver_connection() as driver:
        try:
            driver.execute("PRAGMA secure_delete = ON")
            # First what is free now, in place; then the gaps of pages in use, which only a new file lacks.
            for step in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                answer = driver.execute(step).fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                return "another process uses the database"
            raise ServiceError(f"The database file cannot be written anew: {error}") from error
    return "another process uses the database" if answer[0] else None


@dataclass(slots=True)
class _Rows:
    """Ids of the rows that go, and of the jobs' documents that stay."""

    jobs: list[int]
    documents: list[int] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    extractions: list[int] = field(default_factory=list)
    kept: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, connection: Connection, doomed: Doomed, lock: bool = False) -> _Rows:
        """Look them up; with `lock` nobody else changes these extractions until the transaction ends."""
        rows = cls(_ids(connection, select(job.c.id).where(job.c.id.in_(doomed.job_ids))))
        its = _documents_of(rows.jobs)
        alone = set(_ids(connection, its.where(~_is_named_by_others(source.c.document_id, rows.jobs))))
        named = _chunked(connection, select(document.c.id), document.c.id.in_, doomed.document_ids)
        # Looked up only now: a text that came under its path since then would else stay, without any source.
        at_path = select(source.c.document_id).where(source.c.path.in_(doomed.paths))
        at_path = at_path.where(source.c.document_id.is_not(None))
        rows.documents = sorted(alone | set(named) | set(_ids(connection, at_path)))
        rows.kept = set(_ids(connection, its)) - set(rows.documents)
        by_job_or_path = or_(source.c.job_id.in_(rows.jobs), source.c.path.in_(doomed.paths))
        sources = set(_ids(connection, select(source.c.id).where(by_job_or_path)))
        sources |= set(_chunked(connection, select(source.c.id), source.c.document_id.in_, rows.documents))
        rows.sources = sorted(sources)
        extractions = set(_ids(connection, _needed_by_no_other_job(rows.jobs)))
        extractions |= set(
            _chunked(connection, select(extraction.c.id), extraction.c.document_id.in_, rows.documents)
        )
        rows.extractions = sorted(extractions)
        if lock:  # in id order, so that no two callers deadlock
            query = select(extraction.c.id).order_by(extraction.c.id).with_for_update()
            _chunked(connection, query, extraction.c.id.in_, rows.extractions)
        return rows


def _documents_of(job_ids: Collection[int]) -> Select[Any]:
    its = select(source.c.document_id).distinct()
    return its.where(source.c.job_id.in_(job_ids), source.c.document_id.is_not(None))


def _is_named_by_others(document_id: ColumnElement[int], job_ids: Collection[int]) -> ColumnElement[bool]:
    others = source.alias("others")
    return exists().where(others.c.document_id == document_id, others.c.job_id.not_in(job_ids))


def _needed_by_no_other_job(job_ids: Collection[int]) -> Select[Any]:
    """Extractions of these jobs that no other job with the same model has asked for."""
    others, other_job = source.alias("others"), job.alias("other_job")
    is_needed = exists().where(
        others.c.document_id == extraction.c.document_id,
        others.c.job_id == other_job.c.id,
        other_job.c.model_id == extraction.c.model_id,
        other_job.c.id.not_in(job_ids),
    )
    models = select(job.c.model_id).where(job.c.id.in_(job_ids))
    return select(extraction.c.id).where(
        extraction.c.document_id.in_(_documents_of(job_ids)), extraction.c.model_id.in_(models), ~is_needed
    )


def _count(connection: Connection, rows: _Rows) -> Purged:
    entities = select(func.count()).select_from(entity)
    running = select(func.count()).where(extraction.c.status == ExtractionStatus.RUNNING)
    return Purged(
        n_jobs=len(rows.jobs),
        n_documents=len(rows.documents),
        n_sources=len(rows.sources),
        n_extractions=len(rows.extractions),
        n_entities=sum(_chunked(connection, entities, entity.c.extraction_id.in_, rows.extractions)),
        n_running=sum(_chunked(connection, running, extraction.c.id.in_, rows.extractions)),
        n_kept=len(rows.kept),
    )


def _has_document(connection: Connection, document_id: int) -> bool:
    return connection.execute(select(document.c.id).where(document.c.id == document_id)).first() is not None


def _path(connection: Connection, ref: str) -> str:
    """The one path that is, or ends in, `ref`."""
    for condition in (source.c.path == ref, is_at_path_end(ref)):
        query = select(source.c.path).where(condition).distinct().order_by(source.c.path)
        paths = connection.execute(query.limit(_PATHS_SHOWN)).scalars().all()
        if len(paths) > 1:
            raise InputError(f"{ref!r} is the end of more than one path: {', '.join(paths)}.")
        if paths:
            return str(paths[0])
    raise NotFoundError(f"There is no document {ref!r}.")


def _ids(connection: Connection, query: Select[Any]) -> list[int]:
    return list(connection.execute(query).scalars())


def _chunked(
    connection: Connection,
    query: Select[Any],
    is_in: Callable[[Sequence[int]], ColumnElement[bool]],
    ids: Collection[int],
) -> list[int]:
    return [value for some in chunks(sorted(ids)) for value in _ids(connection, query.where(is_in(some)))]


def _delete(
    connection: Connection,
    table: Table,
    is_in: Callable[[Sequence[int]], ColumnElement[bool]],
    ids: Sequence[int],
) -> None:
    for some in chunks(ids):
        connection.execute(delete(table).where(is_in(some)))
