"""All that a run leaves in the database, but for what no two runs share: equal for equal outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Table, select

from cli.intake import chunks
from cli.submission import open_model
from tests.queue_work import clean_database
from tests.readers import FACTS
from worker import store
from worker.documents import ReadOptions, read_sources
from worker.queue.extract import extract_batch
from worker.queue.model_cache import ModelCache, OpenModel
from worker.queue.slots import Slot
from worker.settings import Settings
from worker.store import Database, ModelFacts
from worker.store.schema import document, entity, extraction, source

#: Table -> its rows, sorted.
Outcome: TypeAlias = dict[str, list[tuple[Any, ...]]]

#: Columns in which two runs differ: who did it, when, how often it was begun and how often that went wrong.
_ITS_OWN = {
    document: {"id"},
    source: {"id", "job_id", "document_id"},
    extraction: {
        *("id", "document_id", "attempt", "losses", "alone", "claimed_with", "worker", "seconds"),
        *("queued_at", "dispatched_at", "started_at", "finished_at"),
    },
    entity: {"id", "extraction_id"},
}


def outcome(db: Database, job: int | None = None) -> Outcome:
    """What is stored; of the sources only one job's, if given. Rows of other tables are told by their text's hash."""
    its = [] if job is None else [source.c.job_id == job]
    read = document.join(extraction)
    with db.read() as connection:

        def rows(
            table: Table, joined: Any, where: Sequence[ColumnElement[bool]] = ()
        ) -> list[tuple[Any, ...]]:
            columns = [document.c.sha256, *(c for c in table.c if c.name not in _ITS_OWN[table])]
            found = connection.execute(select(*columns).select_from(joined).where(*where))
            return sorted((tuple(row) for row in found), key=repr)

        return {
            "document": rows(document, document),
            "source": rows(source, source.outerjoin(document), its),
            "extraction": rows(extraction, read),
            "entity": rows(entity, read.join(entity)),
        }


def clean_outcome(folder: Path, given: Sequence[str], model: ModelFacts = FACTS) -> Outcome:
    """What these texts leave when nothing goes wrong."""
    with clean_database(folder, given, model) as (db, job):
        return outcome(db, job)


def clean_submit(
    folder: Path, documents: Path, settings: Settings, open_reader: OpenModel | None = None
) -> Outcome:
    """What `nerq submit` of a folder leaves when nothing goes wrong."""
    db = store.open_database(f"sqlite:///{folder}/clean.db")
    job = store.create_job(db, None, open_model(settings.model), {})
    for chunk in chunks(read_sources([str(documents)], ReadOptions())):
        store.add_sources(db, job, chunk)
    store.close_job(db, job, {})
    ids = [row.id for row in store.announce(db, 100_000)]
    extract_batch(db, ids, ModelCache(settings, Slot(None, 1), open_reader), settings, "clean:1:1")
    found = outcome(db, job)
    db.close()
    return found
