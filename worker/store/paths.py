"""Where the sources of a job lie."""

from __future__ import annotations

from sqlalchemy import func, select

from worker.store.database import Database
from worker.store.schema import source


def common_folder(db: Database, job_id: int) -> str:
    """The folder that all documents of the job lie in, with its slash; empty if there is none."""
    # What the first and the last in the order of characters begin with, all between them do.
    query = select(func.min(source.c.path), func.max(source.c.path))
    query = query.where(source.c.job_id == job_id, source.c.document_id.is_not(None))
    with db.read() as connection:
        first, last = connection.execute(query).one()
    if first is None:
        return ""
    folders = first.split("/")[:-1]
    while folders and not last.startswith("/".join(folders) + "/"):
        folders.pop()
    return "/".join([*folders, ""])
