"""The documents of a job that go out, with the entities asked for; and the account of what does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from worker import store
from worker.errors import DocumentError
from worker.store import Database, ExtractionStatus, Job, JobDocument

_T = TypeVar("_T")
#: Documents that are named where they are left out; the others are counted.
MOST_NAMED = 1000


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A document that does not go out, and why; no text of it."""

    name: str
    reason: str


@dataclass(slots=True)
class Tally:
    """What went out and what did not."""

    n_documents: int = 0
    labels: Counter[str] = field(default_factory=Counter)  #: entities by label
    n_cut_words: int = 0  #: words in the middle of which an entity begins or ends
    n_left_out: int = 0
    left_out: list[LeftOut] = field(default_factory=list)  #: the first MOST_NAMED of them

    @property
    def n_entities(self) -> int:
        """Of all labels."""
        return self.labels.total()

    def add(self, document: JobDocument) -> None:
        """Count one that went out."""
        self.n_documents += 1
        self.labels.update(entity.label for entity in document.entities)

    def leave_out(self, name: str, reason: str) -> None:
        """Count one that does not."""
        self.n_left_out += 1
        if len(self.left_out) < MOST_NAMED:
            self.left_out.append(LeftOut(name, reason))

    def converted(
        self, documents: Iterable[JobDocument], convert: Callable[[JobDocument], _T]
    ) -> Iterator[_T]:
        """Each document in another form; what cannot take that form is left out, the others go on."""
        for document in documents:
            try:
                form = convert(document)
            except DocumentError as error:
                self.leave_out(source_name(document.path, document.record), error.detail)
            else:
                self.add(document)
                yield form


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entities: those of these labels (empty: of all), at least this probable."""

    labels: frozenset[str] = frozenset()
    min_score: float = 0.0


def read_documents(
    db: Database,
    job: Job,
    wanted: Wanted,
    tally: Tally,
    on_document: Callable[[int], None] = lambda _n: None,
) -> Generator[JobDocument, None, None]:
    """The job's documents that have been read, one after another, as they were submitted.

    Those that have not are left out in `tally`. `on_document` is told how many sources were looked at.
    """
    for number, document in enumerate(store.job_documents(db, job.id), start=1):
        if document.status is ExtractionStatus.DONE:
            yield replace(document, entities=tuple(e for e in document.entities if _is_wanted(e, wanted)))
        elif document.status is not ExtractionStatus.FAILED:
            reason = f"not read yet: {document.status.value}"
            tally.leave_out(source_name(document.path, document.record), reason)
        on_document(number)
    for row in store.job_errors(db, job.id):
        tally.leave_out(source_name(row.path, row.record), f"{row.code}: {row.detail}")


def source_name(path: str, record: str | None) -> str:
    """How people name a source: `letters/a.txt`, `mail.jsonl#17`."""
    return path if record is None else f"{path}#{record}"


def _is_wanted(entity: store.NewEntity, wanted: Wanted) -> bool:
    return (not wanted.labels or entity.label in wanted.labels) and entity.score >= wanted.min_score
