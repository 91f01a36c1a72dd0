"""What a model found in gold's documents: the stored entities of a job, matched with gold."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from training.gold import Gold
from worker import store
from worker.annotations import AnnotatedDocument


@dataclass(frozen=True, slots=True)
class Finding:
    """An entity that a model found, in the text of a gold document."""

    start: int
    end: int
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class UnmatchedGold:
    """A gold document that was not scored."""

    name: str  #: its id, or its place in the gold file
    reason: str

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Findings:
    """The entities found in each gold document that was read, and what of gold and job was left out."""

    by_document: Mapping[int, tuple[Finding, ...]]  #: by the document's number in gold
    unmatched_gold: tuple[UnmatchedGold, ...] = ()
    n_documents_without_gold: int = 0


def find_stored(db: store.Database, job_id: int, gold: Gold) -> Findings:
    """The entities that the job's model found in gold's documents.

    A gold document is matched with the stored document that has its text: the very text if there is one, else
    one that differs only in white space, whose entities are carried over. Its id (a record, a path or the end of
    a path) decides between several, and tells why none was found. Documents are read one after another; only
    those that gold has are kept.
    """
    matches = _Matches(gold)
    document_ids: set[int] = set()
    for stored in store.job_documents(db, job_id):
        document_ids.add(stored.document_id)
        matches.offer(stored)
    return Findings(
        by_document=dict(matches.done()),
        unmatched_gold=tuple(matches.unmatched()),
        n_documents_without_gold=len(document_ids - matches.document_ids()),
    )


#: How badly a stored document fits; smaller is better: not done, only alike but for white space, another id.
_Misfit = tuple[bool, bool, bool]


@dataclass(frozen=True, slots=True)
class _Match:
    misfit: _Misfit
    stored: store.JobDocument

    @property
    def is_done(self) -> bool:
        return self.stored.status is store.ExtractionStatus.DONE


class _Matches:
    """The best stored document seen so far for each gold document."""

    def __init__(self, gold: Gold) -> None:
        self._gold = gold
        self._by_text: defaultdict[bytes, list[int]] = defaultdict(list)
        self._by_id: defaultdict[str, list[int]] = defaultdict(list)
        self._named: set[int] = set()  #: gold documents whose id the job has, with whatever text
        self._best: dict[int, _Match] = {}
        for number, document in enumerate(gold.documents):
            self._by_text[_fingerprint(document.text)].append(number)
            if document.id is not None:
                self._by_id[document.id].append(number)

    def offer(self, stored: store.JobDocument) -> None:
        """Take the stored document where it fits better than what was there."""
        named = {number for name in _names(stored) for number in self._by_id.get(name, ())}
        self._named |= named
        for number in self._by_text.get(_fingerprint(stored.text), ()):
            is_done = stored.status is store.ExtractionStatus.DONE
            is_exact = stored.text == self._gold.documents[number].text
            misfit = (not is_done, not is_exact, number not in named)
            best = self._best.get(number)
            if best is None or misfit < best.misfit:
                self._best[number] = _Match(misfit, stored)

    def done(self) -> Iterator[tuple[int, tuple[Finding, ...]]]:
        """The gold documents that were read, in the order of gold, with what was found in each."""
        for number, match in sorted(self._best.items()):
            if match.is_done:
                yield number, _carry_over(match.stored, self._gold.documents[number])

    def unmatched(self) -> Iterator[UnmatchedGold]:
        """The gold documents that were not read, and why."""
        for number in range(len(self._gold.documents)):
            match = self._best.get(number)
            if match is None:
                reason = "the text differs" if number in self._named else "no document has this text"
                yield UnmatchedGold(self._gold.name(number), reason)
            elif not match.is_done:
                yield UnmatchedGold(self._gold.name(number), f"its extraction is {match.stored.status.value}")

    def document_ids(self) -> set[int]:
        """The stored documents that have gold."""
        return {match.stored.document_id for match in self._best.values()}


def _names(stored: store.JobDocument) -> Iterator[str]:
    """What an id in gold may call it: the record, the path, or an end of the path in whole names."""
    if stored.record is not None:
        yield stored.record
    parts = stored.path.split("/")
    for first in range(len(parts)):
        yield "/".join(parts[first:])


def _fingerprint(text: str) -> bytes:
    """Equal for texts that differ only in white space."""
    return hashlib.sha256("".join(text.split()).encode()).digest()


def _carry_over(stored: store.JobDocument, gold: AnnotatedDocument) -> tuple[Finding, ...]:
    """The stored entities in gold's text, which differs from the stored one in white space at most."""
    if stored.text == gold.text:
        return tuple(Finding(e.start, e.end, e.label, e.score) for e in stored.entities)
    if not stored.entities:
        return ()
    place = _places(stored.text, gold.text)
    return tuple(Finding(place[e.start], place[e.end - 1] + 1, e.label, e.score) for e in stored.entities)


def _places(text: str, other: str) -> Sequence[int]:
    """Where each character of a text stands in another one; for white space, where the next character does."""
    in_other = [place for place, character in enumerate(other) if not character.isspace()]
    n_before = accumulate((not character.isspace() for character in text), initial=0)
    return [in_other[min(n, len(in_other) - 1)] for n, _ in zip(n_before, text, strict=False)]
