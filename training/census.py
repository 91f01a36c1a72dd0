"""What a set of annotated documents holds: counts, lengths, and entities that no model can find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.data import label_words
from worker.annotations import AnnotatedDocument, AnnotatedFile, Span
from worker.recognition.sentences import SentenceStarts, split_sentences
from worker.recognition.words import Offsets, WordRule, split_words

#: Shape (n_spans,).
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Named:
    """A document and what people call it: its id, or its place in its file."""

    path: Path
    name: str
    document: AnnotatedDocument

    def __str__(self) -> str:
        return f"{self.path}: {self.name}"

    def as_dict(self) -> dict[str, str]:
        """JSON-able, without the text."""
        return {"path": str(self.path), "document": self.name}


@dataclass(frozen=True, slots=True)
class Lengths:
    """Of many things, in words or pieces: the middle one, the one that 95 of 100 do not exceed, the longest."""

    median: int
    p95: int
    max: int

    @classmethod
    def of(cls, lengths: Sequence[int] | npt.NDArray[np.int64]) -> Lengths:
        """All 0 where there is nothing."""
        if len(lengths) == 0:
            return cls(0, 0, 0)
        median, p95, longest = np.percentile(lengths, [50, 95, 100], method="inverted_cdf")
        return cls(int(median), int(p95), int(longest))

    def as_dict(self) -> dict[str, int]:
        """JSON-able."""
        return {"median": self.median, "p95": self.p95, "max": self.max}


@dataclass(frozen=True, slots=True)
class LostEntity:
    """An entity that begins or ends inside a word."""

    named: Named
    span: Span

    @property
    def text(self) -> str:
        """What it covers."""
        return self.named.document.text[self.span.start : self.span.end]

    def as_dict(self, with_text: bool) -> dict[str, Any]:
        """JSON-able; its text only on request."""
        offsets = {"start": self.span.start, "end": self.span.end, "label": self.span.label}
        return {**self.named.as_dict(), **offsets, **({"text": self.text} if with_text else {})}


@dataclass(frozen=True, slots=True)
class CutDocument:
    """A document in words, its own or those of the rule."""

    named: Named
    words: Offsets
    sentences: SentenceStarts  #: indices of the words that begin a sentence

    def word_texts(self) -> list[str]:
        """Every word."""
        return [self.named.document.text[start:end] for start, end in self.words.tolist()]

    def sentence_lengths(self) -> npt.NDArray[np.int64]:
        """Words of each sentence."""
        return np.diff(np.append(self.sentences, len(self.words)))

    def sentence_texts(self) -> Iterator[tuple[int, str]]:
        """Each sentence with the number of its words."""
        bounds = np.append(self.sentences, len(self.words)).tolist()
        for first, end in pairwise(bounds):
            if end > first:
                yield end - first, self.named.document.text[self.words[first, 0] : self.words[end - 1, 1]]


@dataclass(frozen=True, slots=True)
class Census:
    """The figures of one set."""

    n_documents: int
    n_sentences: int
    n_words: int
    labels: dict[str, int]  #: entities of each label
    document_words: Lengths
    sentence_words: Lengths
    entity_words: Lengths
    misaligned: tuple[LostEntity, ...]  #: begin or end inside a word of the rule
    n_crossing: (
        int  #: entities with the start of a sentence inside them: no model finds them whole in plain text
    )

    @property
    def n_entities(self) -> int:
        """Of all labels."""
        return sum(self.labels.values())

    def as_dict(self, with_text: bool) -> dict[str, Any]:
        """JSON-able."""
        return {
            "documents": self.n_documents,
            "sentences": self.n_sentences,
            "words": self.n_words,
            "entities": self.n_entities,
            "labels": self.labels,
            "document_words": self.document_words.as_dict(),
            "sentence_words": self.sentence_words.as_dict(),
            "entity_words": self.entity_words.as_dict(),
            "misaligned": [entity.as_dict(with_text) for entity in self.misaligned],
            "crossing_sentences": self.n_crossing,
        }


def name_documents(files: Iterable[AnnotatedFile]) -> list[Named]:
    """The documents of the files."""
    return [
        Named(file.path, document.id or f"document {number}", document)
        for file in files
        for number, document in enumerate(file.documents, start=1)
    ]


def cut_document(named: Named, rule: WordRule) -> CutDocument:
    """The document in the words and sentences that a model would be trained on."""
    labelled = label_words(named.document, rule, ["O"])
    return CutDocument(named, labelled.words, labelled.sentences)


def take_census(documents: Sequence[CutDocument], rule: WordRule) -> Census:
    """Count one set."""
    labels = Counter(span.label for cut in documents for span in cut.named.document.spans)
    sentence_words = [cut.sentence_lengths() for cut in documents]
    found = [_fit(cut, rule) for cut in documents]
    return Census(
        n_documents=len(documents),
        n_sentences=sum(len(cut.sentences) for cut in documents),
        n_words=sum(len(cut.words) for cut in documents),
        labels=dict(sorted(labels.items())),
        document_words=Lengths.of([len(cut.words) for cut in documents]),
        sentence_words=Lengths.of(np.concatenate(sentence_words) if sentence_words else []),
        entity_words=Lengths.of([n for one in found for n in one.n_words]),
        misaligned=tuple(entity for one in found for entity in one.misaligned),
        n_crossing=sum(one.n_crossing for one in found),
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    """The entities of one document among the words that a model finds in its text."""

    n_words: list[int]  #: of each entity
    misaligned: list[LostEntity]
    n_crossing: int


def _fit(cut: CutDocument, rule: WordRule) -> _Fit:
    document = cut.named.document
    is_given = document.sentences is not None
    words = split_words(document.text, rule) if is_given else cut.words
    sentences = split_sentences(document.text, words) if is_given else cut.sentences
    spans = document.spans
    edges = np.array([(span.start, span.end) for span in spans], dtype=np.int64).reshape(-1, 2)
    first, last = _touched(words, edges)
    is_aligned = _covers(words, first, last, edges)
    n_before = np.searchsorted(sentences, first, "right"), np.searchsorted(sentences, last, "right")
    own_first, own_last = _touched(cut.words, edges)
    return _Fit(
        n_words=(own_last - own_first + 1).tolist(),
        misaligned=[LostEntity(cut.named, spans[i]) for i in np.flatnonzero(~is_aligned)],
        n_crossing=int((n_before[0] < n_before[1]).sum()),
    )


def _touched(words: Offsets, edges: Offsets) -> tuple[Indices, Indices]:
    """For each span, the first and the last word that share a character with it."""
    first = np.searchsorted(words[:, 1], edges[:, 0], side="right")
    return first, np.searchsorted(words[:, 0], edges[:, 1], side="left") - 1


def _covers(words: Offsets, first: Indices, last: Indices, edges: Offsets) -> npt.NDArray[np.bool_]:
    """Whether each span is a run of whole words."""
    covers = first <= last
    covers[covers] &= words[first[covers], 0] == edges[covers, 0]
    covers[covers] &= words[last[covers], 1] == edges[covers, 1]
    return covers
