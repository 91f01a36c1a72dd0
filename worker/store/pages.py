"""Where the pages of documents begin."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from worker.store.chunks import chunks
from worker.store.database import Database
from worker.store.schema import source


def document_pages(db: Database, document_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The offsets at which pages begin, of those documents that have pages: as the latest source with pages says."""
    found: dict[int, tuple[int, ...]] = {}
    with db.read() as connection:
        for some in chunks(sorted(document_ids)):
            query = select(source.c.document_id, source.c.page_starts).where(
                source.c.document_id.in_(some), source.c.page_starts.is_not(None)
            )
            for row in connection.execute(query.order_by(source.c.id)):
                found[row.document_id] = tuple(row.page_starts)
    return found
