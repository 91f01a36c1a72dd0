"""What queries of the store ask and answer, and the evaluations that it keeps; plain frozen dataclasses, no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class EntityQuery:
    """Which entities: conditions are joined by and, `labels` by or.

    `text` is compared exactly; `like` is a case-folded substring of the whitespace-normalised name.
    """

    job_id: int | None = None
    document_id: int | None = None
    labels: tuple[str, ...] = ()
    text: str | None = None
    like: str | None = None
    min_score: float | None = None
    model_id: str | None = None
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class EntityRow:
    """A stored entity; `path` and `record` are of the document's first source (in the queried job if any)."""

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


@dataclass(frozen=True, slots=True)
class CountRow:
    """How often `key` was found: a label, a folded name or a path.

    `text` is the most frequent spelling when names are counted; `document_id` is set when documents are.
    """

    key: str
    n: int
    text: str | None = None
    document_id: int | None = None


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
