"""Jobs that go on taking files: which one it is, and what of a file it has taken already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import func, select

from worker.store.database import Database
from worker.store.rows import NewSource
from worker.store.schema import document, job, source
from worker.text import storable


class SourceKey(NamedTuple):
    """By what a source is known again: its record and its content, or why it could not be read."""

    record: str | None
    sha256: str | None  #: of the file; of a record, whose file may grow, that of its text
    error_code: str | None

    @classmethod
    def of(cls, new: NewSource) -> SourceKey:
        """The key that the source has, or will have, in the database."""
        record = None if new.record is None else storable(new.record)
        of_text = new.document.sha256 if new.document else None
        return cls(record, new.file_sha256 or of_text, new.error_code)


def find_open_inbox(db: Database, name: str | None, model_id: str, options: Mapping[str, Any]) -> int | None:
    """The latest job of this name (None: without one), model and options that was not cancelled."""
    query = select(job.c.id, job.c.options).where(job.c.model_id == model_id, job.c.cancelled_at.is_(None))
    query = query.where(job.c.name.is_(None) if name is None else job.c.name == storable(name))
    with db.read() as connection:
        rows = connection.execute(query.order_by(job.c.id.desc()))
        return next((int(row.id) for row in rows if row.options == dict(options)), None)


def taken_of(db: Database, job_id: int, path: str) -> Counter[SourceKey]:
    """How often each source of this path is in the job."""
    sha256 = func.coalesce(source.c.file_sha256, document.c.sha256)
    columns = source.c.record, sha256, source.c.error_code
    query = select(*columns, func.count()).outerjoin(document, document.c.id == source.c.document_id)
    query = query.where(source.c.job_id == job_id, source.c.path == storable(path))
    with db.read() as connection:
        rows = connection.execute(query.group_by(*columns))
        return Counter({SourceKey(*key): n for *key, n in rows})
