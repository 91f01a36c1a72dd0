"""Stored entities of a job + gold -> scores."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from training.scoring import Report, ScoredDocument, score_spans
from worker import store
from worker.annotations import AnnotatedDocument, AnnotatedFile, Span, cut_words, locate_words


@dataclass(frozen=True, slots=True)
class UnmatchedGold:
    """A gold document that was not scored."""

    name: str  #: its id, or its place in the gold file
    reason: str

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The score of a job, and what of gold and job was left out of it."""

    report: Report
    n_gold_documents: int
    unmatched_gold: tuple[UnmatchedGold, ...]
    n_job_documents_without_gold: int


def evaluate_job(db: store.Database, job_id: int, gold: AnnotatedFile) -> Evaluation:
    """Score the entities that the job's model found against gold.

    A gold document is scored against the stored document that has its text: the very text if there is one,
    else one that differs only in white space, gold spans being carried over word by word. Its id (a record,
    a path or the end of a path) decides between several, and tells why none was found. Documents are read one
    after another; only those that gold has are kept.
    """
    matches = _Matches(gold.documents)
    document_ids: set[int] = set()
    for stored in store.job_documents(db, job_id):
        document_ids.add(stored.document_id)
        matches.offer(stored)
    return Evaluation(
        report=score_spans(matches.scored()),
        n_gold_documents=len(gold.documents),
        unmatched_gold=tuple(matches.unmatched()),
        n_job_documents_without_gold=len(document_ids - matches.document_ids()),
    )


#: How badly a stored document fits; smaller is better: not done, only alike but for white space, another id.
_Misfit = tuple[bool, bool, bool]


@dataclass(frozen=True, slots=True)
class _Match:
    misfit: _Misfit
    stored: store.JobDocument


class _Matches:
    """The best stored document seen so far for each gold document."""

    def __init__(self, documents: Sequence[AnnotatedDocument]) -> None:
        self._documents = documents
        self._by_text: defaultdict[bytes, list[int]] = defaultdict(list)
        self._by_id: defaultdict[str, list[int]] = defaultdict(list)
        self._named: set[int] = set()  #: gold documents whose id the job has, with whatever text
        self._best: dict[int, _Match] = {}
        for number, document in enumerate(documents):
            self._by_text[_fingerprint(document.text)].append(number)
            if document.id is not None:
                self._by_id[document.id].append(number)

    def offer(self, stored: store.JobDocument) -> None:
        """Take the stored document where it fits better than what was there."""
        named = {number for name in _names(stored) for number in self._by_id.get(name, ())}
        self._named |= named
        for number in self._by_text.get(_fingerprint(stored.text), ()):
            is_done = stored.status is store.ExtractionStatus.DONE
            is_exact = stored.text == self._documents[number].text
            misfit = (not is_done, not is_exact, number not in named)
            best = self._best.get(number)
            if best is None or misfit < best.misfit:
                self._best[number] = _Match(misfit, stored)

    def scored(self) -> Iterator[ScoredDocument]:
        """The gold documents that have predictions, in the order of the gold file."""
        for number, match in sorted(self._best.items()):
            if match.stored.status is store.ExtractionStatus.DONE:
                text = match.stored.text
                yield ScoredDocument(text, _carry_over(self._documents[number], text), match.stored.entities)

    def unmatched(self) -> Iterator[UnmatchedGold]:
        """The gold documents that were not scored, and why."""
        for number, document in enumerate(self._documents):
            name = document.id or f"document {number + 1}"
            match = self._best.get(number)
            if match is None:
                reason = "the text differs" if number in self._named else "no document has this text"
                yield UnmatchedGold(name, reason)
            elif match.stored.status is not store.ExtractionStatus.DONE:
                yield UnmatchedGold(name, f"its extraction is {match.stored.status.value}")

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


def _carry_over(gold: AnnotatedDocument, text: str) -> tuple[Span, ...]:
    """Gold's spans in a text that differs from gold's only in white space."""
    if gold.text == text:
        return gold.spans
    if gold.sentences is None:
        words = cut_words(gold.text, (edge for span in gold.spans for edge in (span.start, span.end)))
    else:
        words = [offsets for sentence in gold.sentences for offsets in sentence]
    places = locate_words([gold.text[start:end] for start, end in words], text)
    if places is None:
        raise ValueError("the texts differ in more than white space")
    starts = {word[0]: place[0] for word, place in zip(words, places, strict=True)}
    ends = {word[1]: place[1] for word, place in zip(words, places, strict=True)}
    return tuple(Span(starts[span.start], ends[span.end], span.label) for span in gold.spans)
