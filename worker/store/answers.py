"""What queries of the store ask and answer, and the evaluations that it keeps; plain values, no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from worker.store.rows import ExtractionStatus, NewEntity


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A source that failed, by itself (`attempt` 0) or in its extraction."""

    path: str
    record: str | None
    code: str
    detail: str
    attempt: int


@dataclass(frozen=True, slots=True)
class JobDocument:
    """A source of a job with its document; `entities` is empty unless the status is done.

    `page_starts` are the offsets at which pages begin; None where there are no pages.
    """

    document_id: int
    sha256: str
    path: str
    record: str | None
    text: str
    status: ExtractionStatus
    entities: tuple[NewEntity, ...]
    page_starts: tuple[int, ...] | None = None


#: What entities may be ordered by; with a - before it in descending order.
SortKey = Literal["document", "text", "label", "score", "-document", "-text", "-label", "-score"]
#: What entities may be counted by.
CountKey = Literal["text", "label", "document", "job", "model"]


@dataclass(frozen=True, slots=True)
class EntityQuery:
    """Which entities: conditions are joined by and, the values of one by or; `paths` and `document_ids` are one.

    `paths` are globs (see `worker.store.globs`). `text` is compared exactly, `name` folded; `like` is a folded part of
    the name. `beside` asks for an entity of one of these labels in the same reading of the document, itself not
    counted. `since` and `until` bound the time at which the document was read, in seconds since 1970. With `after`
    come those that follow this entity, by its id, in the order of documents.
    """

    job_ids: tuple[int, ...] = ()
    document_ids: tuple[int, ...] = ()
    paths: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    text: str | None = None
    name: str | None = None
    like: str | None = None
    beside: tuple[str, ...] = ()
    min_score: float | None = None
    model_id: str | None = None
    since: float | None = None
    until: float | None = None
    sort: tuple[SortKey, ...] = ()
    after: int | None = None
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class EntityRow:
    """A stored entity; `path` and `record` are of the document's first source (that fits the query's jobs and paths).

    `page` is that of its first character, from 1, where the source has pages.
    """

    id: int
    document_id: int
    path: str
    record: str | None
    start: int
    end: int
    label: str
    text: str
    score: float
    model_id: str
    page: int | None
    extraction_id: int


class CountRow(NamedTuple):  # a dataclass takes four times as long to make, and there may be a million
    """How many entities have these values; None stands for what was not counted by.

    `name` is folded and `text` its most frequent spelling; `path` is that of `EntityRow`, `job` the job's name.
    """

    n: int
    name: str | None = None
    text: str | None = None
    label: str | None = None
    document_id: int | None = None
    path: str | None = None
    job_id: int | None = None
    job: str | None = None
    model_id: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A stored document and every path that it was submitted under, in code point order."""

    id: int
    sha256: str
    text: str
    n_chars: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """How a model has read a document: what made the entities that are stored of it, and when."""

    model_id: str
    model_name: str
    engine: str
    precision: str
    nerq_version: str
    worker: str
    finished_at: float
    seconds: float
    n_words: int
    n_words_read: int
    n_windows: int
    n_entities: int


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that some job named; `n_done` counts the documents it has read."""

    id: str
    name: str
    path: str
    labels: tuple[str, ...]
    details: Mapping[str, Any]
    created_at: float
    n_done: int


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """The last sign of life of one worker process."""

    name: str
    host: str
    pid: int
    device: str
    started_at: float
    seen_at: float
    note: str | None


@dataclass(frozen=True, slots=True)
class GoldFile:
    """A file of gold as it was read: its path as given, and the sha-256 of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class NewEvaluation:
    """A score of a model against gold; precision, recall and F1 are the strict ones of all entities, in [0, 1].

    `job_id` is None where the model read the gold's documents itself. `settings` says how it was read and scored,
    `figures` holds every other number; neither holds text of a document.
    """

    job_id: int | None
    model_id: str
    model_name: str
    gold: tuple[GoldFile, ...]
    settings: Mapping[str, Any]
    nerq_version: str
    precision: float
    recall: float
    f1: float
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredEvaluation:
    """An evaluation that is kept."""

    id: int
    created_at: float
    values: NewEvaluation
