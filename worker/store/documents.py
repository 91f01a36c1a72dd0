"""Stored documents: one by a reference, or all of a job with their entities."""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Sequence
from dataclasses import fields

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from worker.errors import InputError, NotFoundError
from worker.store.answers import DocumentRow, JobDocument, ReadingRow
from worker.store.database import AnyRow, Database
from worker.store.rows import ExtractionStatus, NewEntity
from worker.store.schema import document, entity, extraction, job, model, source
from worker.text import storable

_NUMBER = re.compile(r"[0-9]{1,18}")
_SOURCES_AT_ONCE = 32
_CANDIDATES_SHOWN = 5


def find_document(db: Database, ref: str, job_ids: Collection[int] = ()) -> DocumentRow:
    """The document by its id, a path, or the end of a path (whole names: `a.txt` is the end of `x/a.txt`).

    A path that was submitted again with another content means the latest content, of these jobs if there are any. A
    record is `path#record`.

    Raises:
        NotFoundError: no document answers to it.
        InputError: more than one does; the message names some of them.
    """
    with db.read() as connection:
        found = _by_id(connection, int(ref)) if _NUMBER.fullmatch(ref) else None
        document_id = found or _by_path(connection, storable(ref), _within(job_ids))
        row = connection.execute(select(document).where(document.c.id == document_id)).one()
        paths = (
            select(source.c.path)
            .where(source.c.document_id == document_id)
            .distinct()
            .order_by(source.c.path)
        )
        return DocumentRow(
            row.id, row.sha256, row.text, row.n_chars, tuple(connection.execute(paths).scalars())
        )


def is_file_of_records(db: Database, ref: str, job_ids: Collection[int] = ()) -> bool:
    """Whether `ref` is, or is the end of, one path with several documents, which are its records.

    Where jobs are given, only what they read counts.

    One file may be stored under several paths, such as a relative and an absolute one.
    """
    with db.read() as connection:
        if _NUMBER.fullmatch(ref) and _by_id(connection, int(ref)):
            return False
        path = storable(ref)
        rows = _latest(connection, or_(source.c.path == path, is_at_path_end(path)), _within(job_ids))
    held: dict[str, set[int]] = {}
    for row in rows:
        held.setdefault(row.path, set()).add(row.document_id)
    first, *others = held.values() or [set()]
    return len(first) > 1 and all(documents == first for documents in others)


def job_documents(db: Database, job_id: int) -> Generator[JobDocument, None, None]:
    """Each source of the job that has a document, as submitted, with the entities of the job's model.

    Streams: holds a connection until exhausted.
    """
    with db.read() as connection:
        last_id = 0
        while rows := _sources_after(connection, job_id, last_id):
            last_id = rows[-1].source_id
            entities = _entities(connection, {row.extraction_id for row in rows if _is_done(row)})
            for row in rows:
                yield JobDocument(
                    document_id=row.document_id,
                    sha256=row.sha256,
                    path=row.path,
                    record=row.record,
                    text=row.text,
                    status=ExtractionStatus(row.status),
                    entities=tuple(entities.get(row.extraction_id, ())),
                    page_starts=None if row.page_starts is None else tuple(row.page_starts),
                )


def is_at_path_end(ref: str, path: ColumnElement[str] = source.c.path) -> ColumnElement[bool]:
    """Whether a source's path ends in `ref`, in whole names."""
    end = "/" + ref.removeprefix("./").lstrip("/")
    # substr instead of LIKE, which on SQLite takes no notice of case.
    return and_(
        func.length(path) >= len(end),
        func.substr(path, func.length(path) - (len(end) - 1)) == end,
    )


def document_readings(db: Database, document_id: int) -> list[ReadingRow]:
    """Who has read a document, in the order of the models' ids."""
    names = [field.name for field in fields(ReadingRow) if field.name != "model_name"]
    query = (
        select(*(extraction.c[name] for name in names), model.c.name.label("model_name"))
        .join(model, model.c.id == extraction.c.model_id)
        .where(extraction.c.document_id == document_id, extraction.c.status == ExtractionStatus.DONE)
        .order_by(extraction.c.model_id)
    )
    with db.read() as connection:
        return [ReadingRow(**row._mapping) for row in connection.execute(query)]


def _by_id(connection: Connection, document_id: int) -> int | None:
    return connection.execute(select(document.c.id).where(document.c.id == document_id)).scalar()


def _within(job_ids: Collection[int]) -> ColumnElement[bool]:
    return source.c.job_id.in_(sorted(job_ids)) if job_ids else true()


def _by_path(connection: Connection, ref: str, within: ColumnElement[bool]) -> int:
    # What only other jobs have read is known, too; nothing of it is in these.
    rows = _named(connection, ref, within) or _named(connection, ref, true())
    if not rows:
        raise NotFoundError(
            f"There is no document {ref!r}: give its id, its path or the end of its path, such as lease.txt."
        )
    if len({row.document_id for row in rows}) > 1:
        raise InputError(
            f"{ref!r} names more than one document: {_candidates(rows)}. Give the number of one of them."
        )
    return int(rows[0].document_id)


def _named(connection: Connection, ref: str, within: ColumnElement[bool]) -> Sequence[AnyRow]:
    """The newest sources at that path; if there are none, at its end; if there are none, that are `path#record`."""
    conditions = [source.c.path == ref, is_at_path_end(ref)]
    if "#" in ref:
        shown = source.c.path + "#" + source.c.record
        conditions += [shown == ref, is_at_path_end(ref, shown)]
    return next(filter(None, (_latest(connection, condition, within) for condition in conditions)), ())


def _latest(
    connection: Connection, condition: ColumnElement[bool], within: ColumnElement[bool]
) -> Sequence[AnyRow]:
    """The newest source with a document of each (path, record) that fits."""
    newest = (
        select(func.max(source.c.id))
        .where(condition, within, source.c.document_id.is_not(None))
        .group_by(source.c.path, source.c.record)
    )
    query = select(source.c.document_id, source.c.path, source.c.record).where(source.c.id.in_(newest))
    return connection.execute(query.order_by(source.c.path, source.c.id)).all()


def _candidates(rows: Sequence[AnyRow]) -> str:
    shown = [
        f"{row.document_id} ({row.path}{'' if row.record is None else f', record {row.record}'})"
        for row in rows[:_CANDIDATES_SHOWN]
    ]
    more = len(rows) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _sources_after(connection: Connection, job_id: int, last_id: int) -> Sequence[AnyRow]:
    query = (
        select(
            source.c.id.label("source_id"),
            source.c.path,
            source.c.record,
            source.c.page_starts,
            document.c.id.label("document_id"),
            document.c.sha256,
            document.c.text,
            extraction.c.id.label("extraction_id"),
            extraction.c.status,
        )
        .join(job, job.c.id == source.c.job_id)
        .join(document, document.c.id == source.c.document_id)
        .join(
            extraction,
            and_(extraction.c.document_id == document.c.id, extraction.c.model_id == job.c.model_id),
        )
        .where(source.c.job_id == job_id, source.c.id > last_id)
        .order_by(source.c.id)
        .limit(_SOURCES_AT_ONCE)
    )
    return connection.execute(query).all()


def _is_done(row: AnyRow) -> bool:
    return bool(row.status == ExtractionStatus.DONE)


def _entities(connection: Connection, extraction_ids: set[int]) -> dict[int, list[NewEntity]]:
    e = entity.c
    query = (
        select(e.extraction_id, e.start, e.end, e.label, e.text, e.score)
        .where(e.extraction_id.in_(sorted(extraction_ids)))
        .order_by(e.extraction_id, e.start, e.end, e.label)
    )
    found: dict[int, list[NewEntity]] = {}
    for extraction_id, *span in connection.execute(query):
        found.setdefault(extraction_id, []).append(NewEntity(*span))
    return found
