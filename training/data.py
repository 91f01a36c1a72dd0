"""Annotated documents -> words with labels, as a model is trained on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from worker.annotations import AnnotatedDocument, Span
from worker.errors import InputError
from worker.recognition.sentences import SentenceStarts, split_sentences
from worker.recognition.words import Offsets, WordRule, split_words

#: Label id of a word that is not trained on, as everywhere in torch.
IGNORED = -100


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """A text cut into words, each with a label."""

    text: str
    words: Offsets
    sentences: SentenceStarts
    label_ids: npt.NDArray[
        np.int64
    ]  #: shape (n_words,), ids of `label_names`; IGNORED under a misaligned span
    spans: tuple[Span, ...]
    n_misaligned: int  #: gold spans that begin or end inside a word; their words are not trained on


def entity_types(documents: Iterable[AnnotatedDocument]) -> list[str]:
    """The labels of the documents' entities, sorted."""
    return sorted({span.label for document in documents for span in document.spans})


def dev_misfit(train_types: Collection[str], dev_types: Collection[str]) -> str:
    """Why dev, with entities of these types, cannot tell a better epoch from a worse one; empty where it can."""
    if not dev_types:
        return "the dev data holds no entity: no epoch would be better than another"
    if set(train_types).isdisjoint(dev_types):
        return (
            f"no label of the dev data ({', '.join(sorted(dev_types))}) is one of the training data "
            f"({', '.join(sorted(train_types))}): no epoch would be better than another"
        )
    return ""


def label_names(documents: Iterable[AnnotatedDocument]) -> list[str]:
    """`O`, then `B-X` and `I-X` for every entity type in the data, types sorted.

    Raises:
        InputError: the data holds no entity.
    """
    types = entity_types(documents)
    if not types:
        raise InputError("The training data holds no entity.")
    return ["O", *(f"{prefix}-{kind}" for kind in types for prefix in "BI")]


def label_words(document: AnnotatedDocument, rule: WordRule, labels: Sequence[str]) -> LabelledDocument:
    """The document's words, as the format gives them or else by the rule, and the label of each.

    White space is no part of a word that the format gives, and a word of it alone is none, as under every rule.
    """
    if document.sentences is None:
        words = split_words(document.text, rule)
        sentences = split_sentences(document.text, words)
    else:
        given = [_without_space(sentence, document.text) for sentence in document.sentences]
        words = np.array([word for sentence in given for word in sentence], dtype=np.int64).reshape(-1, 2)
        lengths = [len(sentence) for sentence in given if sentence]
        sentences = np.cumsum([0, *lengths[:-1]]) if lengths else np.zeros(0, dtype=np.int64)
    label_ids, n_misaligned = _labels_of(words, document.spans, labels)
    return LabelledDocument(document.text, words, sentences, label_ids, document.spans, n_misaligned)


def _without_space(words: Iterable[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """The words without white space at their ends, such as the no-break space; those of nothing else are left out."""
    trimmed = []
    for start, end in words:
        word = text[start:end]
        first, last = start + len(word) - len(word.lstrip()), start + len(word.rstrip())
        if first < last:
            trimmed.append((first, last))
    return trimmed


def _labels_of(
    words: Offsets, spans: Iterable[Span], labels: Sequence[str]
) -> tuple[npt.NDArray[np.int64], int]:
    label_ids = np.zeros(len(words), dtype=np.int64)
    ids = {name: i for i, name in enumerate(labels)}
    n_misaligned = 0
    for span in spans:
        first = int(np.searchsorted(words[:, 1], span.start, side="right"))
        last = int(np.searchsorted(words[:, 0], span.end, side="left"))
        if last > first and words[first, 0] == span.start and words[last - 1, 1] == span.end:
            label_ids[first] = ids.get(f"B-{span.label}", IGNORED)
            label_ids[first + 1 : last] = ids.get(f"I-{span.label}", IGNORED)
        else:
            label_ids[first:last] = IGNORED
            n_misaligned += 1
    return label_ids, n_misaligned
