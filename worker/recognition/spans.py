"""Word labels -> entities, reading BIO tags."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from worker.recognition.entity import Entity
from worker.recognition.labels import LabelSet
from worker.recognition.sentences import SentenceStarts
from worker.recognition.words import Offsets


def join_entities(
    text: str,
    words: Offsets,
    sentences: SentenceStarts,
    label_ids: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float64],
    labels: LabelSet,
) -> tuple[Entity, ...]:
    """The entities that the words' labels spell.

    An entity is a `B-X` with the `I-X` that follow it, up to a label that closes one (`E-X`, `L-X`); a stray `I-X`
    (after `O`, after another type, at the start of a sentence) opens one too. No entity crosses the end of a sentence.

    Args:
        text: the text that `words` are offsets of.
        words: shape (n_words, 2).
        sentences: indices of the words that begin a sentence.
        label_ids: label of each word, shape (n_words,).
        scores: probability of that label, shape (n_words,).
        labels: what the label ids mean.
    """
    types = labels.type_of[label_ids]  # (n_words,), -1 outside
    inside = np.flatnonzero(types >= 0)
    if len(inside) == 0:
        return ()
    opens = labels.is_begin[label_ids]
    opens[sentences] = True
    opens[1:] |= (types[1:] != types[:-1]) | labels.is_end[label_ids[:-1]]
    firsts = inside[opens[inside]]
    # An entity ends where the next one opens or where the words stop being inside: the first word after it that
    # either opens or has no type.
    stops = np.flatnonzero(opens | (types < 0))
    ends = np.append(stops, len(types))[np.searchsorted(stops, firsts, side="right")]
    sums = np.concatenate([[0.0], np.cumsum(scores)])
    means = (sums[ends] - sums[firsts]) / (ends - firsts)
    return tuple(
        Entity(start, end, labels.types[kind], text[start:end], score)
        for start, end, kind, score in zip(
            words[firsts, 0].tolist(),
            words[ends - 1, 1].tolist(),
            types[firsts].tolist(),
            np.clip(means, 0.0, 1.0).tolist(),
            strict=True,
        )
    )
