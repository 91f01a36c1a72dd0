"""What a resample is drawn from: documents, or blocks of sentences where there are few of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.scoring import LabelledStretch, ScoredDocument
from worker.annotations import cut_words
from worker.recognition.sentences import split_sentences

BLOCK_SENTENCES = 50
#: Of fewer documents an interval says little, and hardly any difference between them can be more than chance.
_MIN_DOCUMENTS = 10

#: The last axis of counts.
GOLD, PREDICTED, CORRECT = range(3)

#: (gold, predicted, correct) entities of each label in each unit, shape (n_units, n_labels, 3).
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Units:
    """A cut of documents into parts that may be drawn independently of each other."""

    name: str  #: what one of them is
    documents: Sequence[ScoredDocument]
    #: Per document, the offsets at which its units begin; None: every document is one.
    blocks: Sequence[Sequence[int]] | None

    def __len__(self) -> int:
        return len(self.documents) if self.blocks is None else sum(map(len, self.blocks))

    def of(self, document: int, entity: LabelledStretch) -> int:
        """The number of the unit that the entity begins in."""
        if self.blocks is None:
            return document
        n_before = sum(map(len, self.blocks[:document]))
        return n_before + bisect_right(self.blocks[document], entity.start) - 1


def cut_units(documents: Sequence[ScoredDocument]) -> Units:
    """Documents where there are ten or all are short; else blocks of 50 sentences of each, the last one shorter."""
    if len(documents) < _MIN_DOCUMENTS:
        blocks = [[0, *_sentences(document)[BLOCK_SENTENCES::BLOCK_SENTENCES]] for document in documents]
        if any(len(own) > 1 for own in blocks):
            return Units(f"block of {BLOCK_SENTENCES} sentences", documents, blocks)
    return Units("document", documents, None)


def count_units(units: Units, documents: Sequence[ScoredDocument], labels: Sequence[str]) -> Counts:
    """What stands in each unit; `documents` are those of the units, perhaps with other predictions."""
    number = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(units), len(labels), 3), dtype=np.int64)
    for i, document in enumerate(documents):
        right = correct_entities(document)
        for kind, entities in ((GOLD, document.gold), (PREDICTED, document.predicted)):
            for one in entities:
                counts[units.of(i, one), number[one.label], kind] += 1
        for one in document.gold:
            counts[units.of(i, one), number[one.label], CORRECT] += identity(one) in right
    return counts


def correct_entities(document: ScoredDocument) -> set[tuple[int, int, str]]:
    """What stands on both sides, with the same span and label."""
    return {identity(one) for one in document.gold} & {identity(one) for one in document.predicted}


def identity(one: LabelledStretch) -> tuple[int, int, str]:
    """What must be right for an entity to count: start, end and label."""
    return one.start, one.end, one.label


def labels_of(documents: Iterable[ScoredDocument]) -> tuple[str, ...]:
    """The labels of both sides, sorted."""
    return tuple(sorted({one.label for d in documents for side in (d.gold, d.predicted) for one in side}))


def _sentences(document: ScoredDocument) -> list[int]:
    """The offsets at which the document's sentences begin."""
    if document.sentences is not None:
        return sorted(document.sentences)
    words = np.array(cut_words(document.text), dtype=np.int64).reshape(-1, 2)
    return [int(words[i, 0]) for i in split_sentences(document.text, words)]
