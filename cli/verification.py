"""A job's files read again, and what is stored of them: where they differ."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from worker.store.verification import SourceFacts

if TYPE_CHECKING:
    from worker.documents import ReadOptions
    from worker.store import Database, Job, JobDocument

_Key: TypeAlias = tuple[str, str | None]


@dataclass(slots=True)
class Verification:
    """One comparison; the counts are complete once `differences` is exhausted."""

    database: Database
    job: Job
    options: ReadOptions
    n_equal: int = 0
    n_unchecked: int = 0  #: sources that came through standard input, which is gone
    n_new: int = 0  #: files or records that are there now and were not part of the job
    found: Counter[str] = field(default_factory=Counter)  #: differences by kind

    def differences(self) -> Iterator[Mapping[str, Any]]:
        """What is not as it was: `path`, `record`, `kind` and `detail`; first of the files, then of the database.

        Kinds: `changed`, `missing`, `unreadable` and, of the database, `damaged`.
        """
        for row in self._of_files():
            self.found[row["kind"]] += 1
            yield row
        for row in self._of_database():
            self.found[row["kind"]] += 1
            yield row

    def _of_files(self) -> Iterator[Mapping[str, Any]]:
        from worker.store.verification import job_sources

        for then, now in _paired(job_sources(self.database, self.job.id), self._read_again()):
            if then is None:
                self.n_new += 1
            elif then.path == "-":
                self.n_unchecked += 1
            elif difference := _difference(then, now):
                kind, detail = difference
                yield {"path": then.path, "record": then.record, "kind": kind, "detail": detail}
            else:
                self.n_equal += 1

    def _read_again(self) -> Iterator[SourceFacts]:
        """What is there now, without the texts."""
        from worker.documents import read_sources

        paths = [path for path in self.job.options.get("paths", ()) if path != "-" and os.path.exists(path)]  # noqa: PTH110
        for source in read_sources(paths, self.options):
            yield SourceFacts(
                source.path,
                source.record,
                source.file_sha256,
                source.document.sha256 if source.document else None,
                source.error.code if source.error else None,
            )

    def _of_database(self) -> Iterator[Mapping[str, Any]]:
        from worker import store

        for document in store.job_documents(self.database, self.job.id):
            if detail := _damage(document):
                yield {
                    "path": document.path,
                    "record": document.record,
                    "kind": "damaged",
                    "detail": detail,
                }


def _difference(then: SourceFacts, now: SourceFacts | None) -> tuple[str, str] | None:
    """The kind of difference and what it is; None for equal ones."""
    if now is None:
        return "missing", "the record is gone" if then.record is not None else "the file is gone"
    if now.error_code and now.error_code != then.error_code:
        was = f" ({then.error_code} when it was submitted)" if then.error_code else ""
        return "unreadable", f"{now.error_code}{was}"
    if then.error_code and not now.error_code:
        return "changed", f"it can be read now; {then.error_code} when it was submitted"
    if then.file_sha256 and now.file_sha256 and then.file_sha256 != now.file_sha256:
        return "changed", "the file holds something else"
    if then.text_sha256 != now.text_sha256:
        is_same_file = then.file_sha256 is not None and then.file_sha256 == now.file_sha256
        return "changed", "the same file is read as another text" if is_same_file else "its text is another"
    return None


def _damage(document: JobDocument) -> str | None:
    """What is wrong with a stored document or its entities."""
    if hashlib.sha256(document.text.encode()).hexdigest() != document.sha256:
        return "the stored text does not have its hash"
    n_wrong = sum(document.text[one.start : one.end] != one.text for one in document.entities)
    if n_wrong:
        return f"{n_wrong:,} of {len(document.entities):,} entities are not what stands at their place"
    return None


def _paired(
    stored: Iterator[SourceFacts], read: Iterator[SourceFacts]
) -> Iterator[tuple[SourceFacts | None, SourceFacts | None]]:
    """Each of both with its like, or alone. Both come in the same order, so that little waits for its like."""
    waiting: tuple[dict[_Key, deque[SourceFacts]], ...] = ({}, {})
    sides: list[tuple[int, Iterator[SourceFacts]]] = [(0, stored), (1, read)]
    while sides:
        for side, source in list(sides):
            facts = next(source, None)
            if facts is None:
                sides.remove((side, source))
                continue
            key = (facts.path, facts.record)
            others = waiting[1 - side].get(key)
            if not others:
                waiting[side].setdefault(key, deque()).append(facts)
                continue
            other = others.popleft()
            if not others:
                del waiting[1 - side][key]
            yield (facts, other) if side == 0 else (other, facts)
    for facts in (facts for some in waiting[0].values() for facts in some):
        yield facts, None
    for facts in (facts for some in waiting[1].values() for facts in some):
        yield None, facts
