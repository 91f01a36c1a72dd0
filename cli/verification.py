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
    n_replaced: int = 0  #: sources that the job's inbox read again later, as something else
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

        stored, read = Counter[SourceFacts](), Counter[SourceFacts]()
        for _ in _equal(job_sources(self.database, self.job.id), self._read_again(), stored, read):
            self.n_equal += 1
        now_by_key: dict[_Key, deque[SourceFacts]] = {}
        for facts in read.elements():
            now_by_key.setdefault(_key(facts), deque()).append(facts)
        for then in self._to_compare(list(stored.elements())):
            others = now_by_key.get(_key(then))
            if then.path == "-":
                self.n_unchecked += 1
            elif difference := _difference(then, others.popleft() if others else None):
                kind, detail = difference
                yield {"path": then.path, "record": then.record, "kind": kind, "detail": detail}
            else:
                self.n_equal += 1
        self.n_new = sum(map(len, now_by_key.values()))

    def _to_compare(self, unequal: list[SourceFacts]) -> list[SourceFacts]:
        """Of a source that an inbox took again later, only what it was last counts."""
        from worker.store.verification import job_sources

        if not self.job.options.get("watch_folder"):
            return unequal
        last = {_key(facts): facts for facts in unequal}
        n_unequal = Counter(map(_key, unequal))
        n_taken = Counter(key for key in map(_key, job_sources(self.database, self.job.id)) if key in last)
        compared = [facts for key, facts in last.items() if n_taken[key] == n_unequal[key]]
        self.n_replaced = len(unequal) - len(compared)
        return compared

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


def _key(facts: SourceFacts) -> _Key:
    return facts.path, facts.record


def _equal(
    stored: Iterator[SourceFacts],
    read: Iterator[SourceFacts],
    only_stored: Counter[SourceFacts],
    only_read: Counter[SourceFacts],
) -> Iterator[SourceFacts]:
    """What is in both; at the end the counters have the rest. Both come in the same order, so that little waits."""
    sides = [(stored, only_stored, only_read), (read, only_read, only_stored)]
    while sides:
        for side in list(sides):
            source, own, others = side
            facts = next(source, None)
            if facts is None:
                sides.remove(side)
            elif facts in others:
                others[facts] -= 1
                if not others[facts]:
                    del others[facts]
                yield facts
            else:
                own[facts] += 1
