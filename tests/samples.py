"""Values for the store, with defaults for everything that a test does not care about."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from worker import store
from worker.store import (
    Claimed,
    ClaimedBatch,
    Database,
    Finished,
    ModelFacts,
    NewDocument,
    NewEntity,
    NewSource,
    RunFacts,
)

MODEL = ModelFacts(id="a" * 64, name="general", path="/models/general", labels=("O", "B-PER", "I-PER"))
OTHER_MODEL = ModelFacts(id="b" * 64, name="legal", path="/models/legal", labels=("O", "B-ORG"))
RUN = RunFacts(worker="host:1:1", engine="torch", precision="fp32", nerq_version="0.1.0")


def new_document(text: str) -> NewDocument:
    return NewDocument(hashlib.sha256(text.encode()).hexdigest(), text)


def new_source(path: str, text: str | None = None, record: str | None = None) -> NewSource:
    """A source whose text is its path unless given."""
    return NewSource(path=path, record=record, document=new_document(path if text is None else text))


def failed_source(path: str, code: str = "undecodable") -> NewSource:
    return NewSource(path=path, error_code=code, error_detail="Its encoding is not known.")


def new_job(
    db: Database,
    sources: Sequence[NewSource | str] = ("a.txt",),
    *,
    model: ModelFacts = MODEL,
    name: str | None = None,
    again: bool = False,
) -> int:
    """A closed job; a string is a path, and the text too."""
    job_id = store.create_job(db, name, model, {})
    values = [new_source(s) if isinstance(s, str) else s for s in sources]
    store.add_sources(db, job_id, values, again=again)
    store.close_job(db, job_id, {})
    return job_id


def announced(db: Database) -> list[int]:
    """Ids of everything that was queued and not announced."""
    return [row.id for row in store.announce(db, 10_000)]


def claimed(
    db: Database, ids: Sequence[int] | None = None, worker: str = "host:1:1", lease_s: float = 60
) -> tuple[Claimed, ...]:
    """What a worker gets when it claims the ids (unless given: everything just announced)."""
    batch = store.claim(db, announced(db) if ids is None else ids, worker, lease_s)
    assert isinstance(batch, ClaimedBatch)
    return batch.extractions


def find_all(text: str, *names: str, label: str = "PER", score: float = 0.9) -> list[NewEntity]:
    """An entity for the first occurrence of each name."""
    found = []
    for name in names:
        start = text.index(name)
        found.append(NewEntity(start, start + len(name), label, name, score))
    return found


def result(extraction: Claimed, entities: Sequence[NewEntity] = ()) -> Finished:
    n_words = len(extraction.text.split())
    return Finished(extraction.id, extraction.attempt, entities, n_words, n_words, 1, n_words + 2, 0.5)


def finish_all(db: Database, names: Sequence[str] = (), *, label: str = "PER") -> set[int]:
    """Read everything that waits; the names that occur in a text become its entities."""
    waiting = announced(db)
    if not waiting:
        return set()
    results = []
    for extraction in claimed(db, waiting):
        present = [name for name in names if name in extraction.text]
        results.append(result(extraction, find_all(extraction.text, *present, label=label)))
    return store.finish(db, results, RUN)
