"""Adding sources to a job: their documents, kept once each, and the extractions that the job waits for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select, update

from worker.errors import InputError
from worker.store.bulk import insert_rows
from worker.store.chunks import chunks
from worker.store.clock import now
from worker.store.database import AnyRow, Database
from worker.store.jobs import lock_job
from worker.store.rows import Added, ExtractionStatus, NewDocument, NewSource
from worker.store.schema import document, extraction, source
from worker.store.transitions import REQUEUED
from worker.text import storable


def add_sources(db: Database, job_id: int, sources: Sequence[NewSource], again: bool = False) -> Added:
    """Add sources to a job, all or none, and queue what no one has read or is about to read.

    What was cancelled is queued again; what failed stays so unless `again` is given, which also reads anew
    what is done (the old entities are replaced when that finishes).

    Raises:
        NotFoundError: there is no such job.
        InputError: the job was cancelled meanwhile.
    """
    with db.write() as connection:
        job = lock_job(connection, job_id)
        if job.cancelled_at is not None:
            raise InputError(f"Job {job_id} was cancelled; nothing more is added to it.")
        document_ids = _put_documents(connection, [s.document for s in sources if s.document])
        fresh = set(document_ids.values()) - _documents_of_job(connection, job_id, document_ids.values())
        _put_sources(connection, job_id, sources, document_ids)
        counts = _put_extractions(connection, job, sorted(fresh), again)
    return Added(len(sources), sum(s.document is None for s in sources), **counts)


def _put_documents(connection: Connection, documents: Iterable[NewDocument]) -> dict[str, int]:
    """sha256 -> id; only texts that are not there yet travel to the database."""
    texts = {d.sha256: d.text for d in documents}
    ids = _document_ids(connection, texts)
    missing = [sha256 for sha256 in texts if sha256 not in ids]
    if missing:
        rows = [(sha256, len(texts[sha256]), texts[sha256]) for sha256 in missing]
        _insert_unless_there(connection, document, ("sha256", "n_chars", "text"), rows, ("sha256",))
        ids |= _document_ids(connection, missing)
    return ids


def _insert_unless_there(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    unique: Sequence[str],
) -> None:
    """Insert the rows whose `unique` columns no row has yet; SQLAlchemy would look at every value."""
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * len(columns))
    statement = (
        f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) "  # noqa: S608 - names of our schema
        f"ON CONFLICT ({', '.join(unique)}) DO NOTHING"
    )
    connection.exec_driver_sql(statement, list(rows))


def _document_ids(connection: Connection, hashes: Collection[str]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for some in chunks(list(hashes)):
        query = select(document.c.sha256, document.c.id).where(document.c.sha256.in_(some))
        ids.update((row.sha256, row.id) for row in connection.execute(query))
    return ids


def _documents_of_job(connection: Connection, job_id: int, document_ids: Collection[int]) -> set[int]:
    """Those of the documents that an earlier call has added to this job."""
    found: set[int] = set()
    for some in chunks(list(document_ids)):
        query = select(source.c.document_id).where(source.c.job_id == job_id, source.c.document_id.in_(some))
        found.update(connection.execute(query).scalars())
    return found


def _put_sources(
    connection: Connection, job_id: int, sources: Sequence[NewSource], document_ids: dict[str, int]
) -> None:
    rows = [_source_row(job_id, s, document_ids[s.document.sha256] if s.document else None) for s in sources]
    insert_rows(connection, source, _SOURCE_COLUMNS, rows)


_SOURCE_COLUMNS = (
    *("job_id", "document_id", "path", "record", "media_type", "encoding", "encoding_confidence"),
    *("file_sha256", "n_bytes", "page_starts", "metadata", "error_code", "error_detail"),
)


def _source_row(job_id: int, s: NewSource, document_id: int | None) -> tuple[Any, ...]:
    """In the order of `_SOURCE_COLUMNS`."""
    return (
        job_id,
        document_id,
        storable(s.path),
        _storable(s.record),
        _storable(s.media_type),
        _storable(s.encoding),
        s.encoding_confidence,
        s.file_sha256,
        s.n_bytes,
        None if s.page_starts is None else json.dumps(s.page_starts),
        None if s.metadata is None else json.dumps(s.metadata, allow_nan=False),
        s.error_code,
        _storable(s.error_detail),
    )


def _put_extractions(
    connection: Connection, job: AnyRow, document_ids: Sequence[int], again: bool
) -> dict[str, int]:
    """Make the extractions that are missing, queue again those that are to be; the counts of `Added`."""
    before = _extractions(connection, job.model_id, document_ids)
    missing = [i for i in document_ids if i not in before]
    if missing:
        queued_at = connection.execute(select(now())).scalar_one()
        rows = [(i, job.model_id, ExtractionStatus.QUEUED.value, False, 0, 0, 0, queued_at) for i in missing]
        columns = ("document_id", "model_id", "status", "alone", "attempt", "losses", "refusals", "queued_at")
        _insert_unless_there(connection, extraction, columns, rows, ("document_id", "model_id"))
    requeue = {ExtractionStatus.CANCELLED}
    if again:
        requeue |= {ExtractionStatus.DONE, ExtractionStatus.FAILED}
    for some in chunks(sorted(row.id for row in before.values() if row.status in requeue)):
        connection.execute(
            update(extraction)
            .where(extraction.c.id.in_(some), extraction.c.status.in_(requeue))
            .values(REQUEUED)
        )
    return _counts(len(missing), [ExtractionStatus(row.status) for row in before.values()], requeue)


def _extractions(connection: Connection, model_id: str, document_ids: Sequence[int]) -> dict[int, AnyRow]:
    found: dict[int, AnyRow] = {}
    for some in chunks(document_ids):
        query = select(extraction.c.id, extraction.c.document_id, extraction.c.status)
        query = query.where(extraction.c.document_id.in_(some), extraction.c.model_id == model_id)
        found.update((row.document_id, row) for row in connection.execute(query))
    return found


def _counts(n_new: int, before: Sequence[ExtractionStatus], requeue: set[ExtractionStatus]) -> dict[str, int]:
    states = Counter(before)
    n_requeued = sum(states.pop(status, 0) for status in requeue)
    return {
        "n_new": n_new,
        "n_requeued": n_requeued,
        "n_done_before": states[ExtractionStatus.DONE],
        "n_waiting": states[ExtractionStatus.QUEUED] + states[ExtractionStatus.RUNNING],
        "n_left_failed": states[ExtractionStatus.FAILED],
    }


def _storable(text: str | None) -> str | None:
    return None if text is None else storable(text)
