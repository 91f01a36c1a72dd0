"""Sources -> chunks -> the store: what is read goes into the database while the rest is still being read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.documents import Skipped, Source, Table
    from worker.store import Added, NewSource

#: Bounds of one transaction, so that memory does not grow with the folder.
CHUNK_SOURCES = 256
CHUNK_CHARS = 2_000_000
#: Names of skipped files that are kept for each reason.
_EXAMPLES = 2
#: Tables that a summary tells about.
_TABLES = 3


@dataclass(slots=True)
class Intake:
    """What was read so far, in sums."""

    n_sources: int = 0
    n_failed_sources: int = 0
    n_new: int = 0
    n_done_before: int = 0
    n_requeued: int = 0
    n_waiting: int = 0
    n_left_failed: int = 0
    n_chars: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    guessed: Counter[str] = field(default_factory=Counter)  #: encodings that were found out by guessing
    least_confidence: float = 1.0  #: of those guesses
    examples: dict[str, list[str]] = field(default_factory=dict)  #: some of the skipped, by reason
    tables: list[Table] = field(default_factory=list)  #: how the first of them were understood
    n_tables: int = 0
    noted: Counter[str] = field(default_factory=Counter)  #: what of documents was not read

    def skip(self, skipped: Skipped) -> None:
        """Count what is passed over, and keep a few names."""
        self.skipped[skipped.reason] += 1
        examples = self.examples.setdefault(skipped.reason, [])
        if len(examples) < _EXAMPLES:
            examples.append(skipped.path)

    def understand(self, table: Table) -> None:
        """Count a table, and keep how the first ones were understood."""
        self.n_tables += 1
        if len(self.tables) < _TABLES:
            self.tables.append(table)

    def note(self, chunk: Iterable[NewSource]) -> None:
        """Count characters, guessed encodings, notes and error codes of sources."""
        for source in chunk:
            if source.record is None and source.metadata:
                self.noted.update(source.metadata.get("notes", ()))
            if source.encoding and source.encoding_confidence is not None:
                self.guessed[source.encoding] += 1
                self.least_confidence = min(self.least_confidence, source.encoding_confidence)
            if source.document:
                self.n_chars += len(source.document.text)
            elif source.error_code:
                self.failures[source.error_code] += 1

    def add(self, added: Added) -> None:
        """Count what the store did with a chunk."""
        for one in fields(added):
            setattr(self, one.name, getattr(self, one.name) + getattr(added, one.name))

    @property
    def n_to_do(self) -> int:
        """Extractions that are queued because of this intake."""
        return self.n_new + self.n_requeued


def chunks(sources: Iterable[Source]) -> Generator[list[NewSource], None, None]:
    """Sources in lists that are bounded by count and by characters; a longer document stands alone."""
    chunk: list[NewSource] = []
    n_chars = 0
    for source in sources:
        length = len(source.document.text) if source.document else 0
        if chunk and (len(chunk) == CHUNK_SOURCES or n_chars + length > CHUNK_CHARS):
            yield chunk
            chunk, n_chars = [], 0
        chunk.append(_new_source(source))
        n_chars += length
    if chunk:
        yield chunk


def _new_source(source: Source) -> NewSource:
    from worker import store

    document, error = source.document, source.error
    return store.NewSource(
        path=source.path,
        record=source.record,
        media_type=source.media_type,
        encoding=source.encoding,
        encoding_confidence=source.encoding_confidence,
        file_sha256=source.file_sha256,
        n_bytes=source.n_bytes,
        page_starts=source.page_starts,
        metadata={"notes": list(source.notes)} if source.notes else source.metadata,
        document=store.NewDocument(document.sha256, document.text) if document else None,
        error_code=error.code if error else None,
        error_detail=error.detail if error else None,
    )
