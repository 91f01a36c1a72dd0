"""What a job's sources were when they were read, to be compared with what they are now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from worker.store.database import Database
from worker.store.schema import document, source

_ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One source, without its text: the hashes of its file and of its text, or the code of its error."""

    path: str
    record: str | None
    file_sha256: str | None
    text_sha256: str | None
    error_code: str | None


def job_sources(db: Database, job_id: int) -> Iterator[SourceFacts]:
    """The job's sources as submitted; no transaction is held between two of them."""
    last_id = 0
    while True:
        columns = (
            source.c.path,
            source.c.record,
            source.c.file_sha256,
            document.c.sha256,
            source.c.error_code,
        )
        query = (
            select(source.c.id, *columns)
            .outerjoin(document, document.c.id == source.c.document_id)
            .where(source.c.job_id == job_id, source.c.id > last_id)
            .order_by(source.c.id)
            .limit(_ROWS_AT_ONCE)
        )
        with db.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        for row in rows:
            yield SourceFacts(*row[1:])
        last_id = rows[-1].id
