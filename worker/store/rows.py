"""The values that go into the store and come out of it; plain frozen dataclasses, no SQL.

All times are the database's clock, as seconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ExtractionStatus(StrEnum):
    """queued -> running -> done | failed; queued | running -> cancelled; failed | cancelled -> queued."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """No worker will touch it any more, unless it is queued again."""
        return self not in (ExtractionStatus.QUEUED, ExtractionStatus.RUNNING)


# What goes in.


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A text and the sha-256 of its UTF-8; the text holds neither NUL nor lone surrogates."""

    sha256: str
    text: str


@dataclass(frozen=True, slots=True)
class NewSource:
    """One submitted file or record, with its document or the reason why it has none."""

    path: str
    record: str | None = None
    media_type: str | None = None
    encoding: str | None = None
    encoding_confidence: float | None = None
    file_sha256: str | None = None
    n_bytes: int | None = None
    page_starts: tuple[int, ...] | None = None
    metadata: Mapping[str, Any] | None = None  #: other fields of a record, as JSON has them
    document: NewDocument | None = None
    error_code: str | None = None
    error_detail: str | None = None

    def __post_init__(self) -> None:
        if (self.document is None) == (self.error_code is None):
            raise ValueError("a source has either a document or an error code")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A checkpoint as the store knows it; `id` is 64 hex characters and stands for its content."""

    id: str
    name: str
    path: str
    labels: tuple[str, ...]
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How an extraction was made: recorded with its result."""

    worker: str
    engine: str
    precision: str
    nerq_version: str


@dataclass(frozen=True, slots=True)
class NewEntity:
    """A labelled span `[start, end)` of a document, in characters; `score` is a probability."""

    start: int
    end: int
    label: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The result of one attempt at one extraction; `seconds` is the time spent on it."""

    id: int
    attempt: int
    entities: Sequence[NewEntity]
    n_words: int
    n_words_read: int
    n_windows: int
    n_pieces: int
    seconds: float


# What comes out of work on extractions.


@dataclass(frozen=True, slots=True)
class Added:
    """What one call of `add_sources` did: sources, then extractions counted by what became of them.

    A document that the job already had from an earlier call is not counted again.
    """

    n_sources: int = 0
    n_failed_sources: int = 0
    n_new: int = 0
    n_done_before: int = 0
    n_requeued: int = 0
    n_waiting: int = 0
    n_left_failed: int = 0


@dataclass(frozen=True, slots=True)
class Announced:
    """An extraction that is to be sent to the queue; `alone` ones go in a batch of their own."""

    id: int
    model_id: str
    n_chars: int
    alone: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """One extraction reserved for one attempt."""

    id: int
    attempt: int
    text: str


@dataclass(frozen=True, slots=True)
class ClaimedBatch:
    """Extractions of one model, reserved for one worker."""

    model: ModelFacts
    extractions: tuple[Claimed, ...]


@dataclass(frozen=True, slots=True)
class Reclaimed:
    """What became of extractions whose worker died."""

    n_queued: int
    n_failed: int


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Extractions that are not final; `n_undispatched` of the queued are not named by a message yet."""

    n_queued: int
    n_running: int
    n_undispatched: int


# Jobs.


@dataclass(frozen=True, slots=True)
class Job:
    """One submission; `closed_at` is set once all its sources are in."""

    id: int
    name: str | None
    model_id: str
    model_name: str
    created_at: float
    closed_at: float | None
    cancelled_at: float | None
    options: Mapping[str, Any]
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    `states` counts the job's distinct extractions (every status is a key), `failures` the error codes of
    sources and extractions together. `n_chars_done` is the characters of final extractions; `chars_per_s` is
    that of the last ten minutes, or since the last retry; None when nothing was read then. `finished_at` is
    None while anything is missing, queued or running.
    """

    job: Job
    n_sources: int
    n_failed_sources: int
    states: dict[ExtractionStatus, int]
    failures: dict[str, int]
    n_entities: int
    n_chars_total: int
    n_chars_done: int
    started_at: float | None
    finished_at: float | None
    chars_per_s: float | None
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class MigrationState:
    """The schema version of a database (None: no schema yet) and the one that this nerq needs."""

    current: str | None
    head: str

    @property
    def is_current(self) -> bool:
        """The database needs no migration."""
        return self.current == self.head

    @property
    def is_newer(self) -> bool:
        """The database was made by a newer nerq: this one can do nothing with it."""
        return self.current is not None and self.current > self.head
