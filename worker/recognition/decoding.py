"""Rows of log-probabilities -> one label and its probability per word."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from worker.errors import NerqError
from worker.recognition.chains import decode_chains
from worker.recognition.sentences import SentenceStarts
from worker.recognition.transitions import Transitions

#: How a checkpoint's labels are found: each word on its own, the best legal sequence of a sentence, or the best one
#: by learned transitions.
DECODINGS: Final = ("argmax", "constrained", "crf")


def decode(
    log_probabilities: npt.NDArray[np.float32],
    sentences: SentenceStarts,
    transitions: Transitions | None,
    outside: int | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The likeliest label of each word, or the likeliest labels of each sentence.

    Args:
        log_probabilities: shape (n_words, n_labels).
        sentences: indices of the words that begin a sentence.
        transitions: what joins the labels of a sentence; None: nothing.
        outside: id of the label O, whose probability nobody asks for in a sentence of nothing else: there it is the
            network's own, and takes less time. None: it is as all others.

    Returns:
        Label ids, shape (n_words,), and their probabilities in (0, 1], shape (n_words,): the network's own, or with
        transitions the marginal ones, among all sequences that the transitions allow.

    Raises:
        NerqError: a row holds no numbers.
    """
    if np.isnan(log_probabilities).any():
        raise NerqError(
            "The network gave no numbers; try NERQ_PRECISION=fp32, and check the model's weights."
        )
    if transitions is None:
        return _decode_words(log_probabilities)
    if outside is None or not _lets_pass(transitions, outside):
        return decode_chains(log_probabilities, sentences, transitions)
    label_ids, scores = (
        np.full(len(log_probabilities), outside),
        np.exp(log_probabilities[:, outside].astype(np.float64)),
    )
    words, starts = _busy(log_probabilities, sentences, outside)
    label_ids[words], scores[words] = decode_chains(log_probabilities[words], starts, transitions)
    return label_ids, scores


def _decode_words(
    log_probabilities: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    label_ids = log_probabilities.argmax(axis=1)
    best = np.take_along_axis(log_probabilities, label_ids[:, None], axis=1)[:, 0]
    return label_ids, np.exp(best.astype(np.float64))


def _lets_pass(transitions: Transitions, label: int) -> bool:
    """Whether a sentence of this label alone scores as its words do, and no sequence more than that."""
    weights = (transitions.starts, transitions.moves, transitions.ends)
    own = (transitions.starts[label], transitions.moves[label, label], transitions.ends[label])
    return not any(own) and all(part.max() <= 0 for part in weights)


#: A label that is likelier than all others by more than this (in log) is the likeliest however the sums are rounded.
_CLEARLY = 1e-6


def _busy(
    log_probabilities: npt.NDArray[np.float32], sentences: SentenceStarts, outside: int
) -> tuple[npt.NDArray[np.int64], SentenceStarts]:
    """The words of those sentences that are not clearly of one label, and where each of them starts among these."""
    others = np.delete(log_probabilities, outside, axis=1).max(axis=1, initial=-np.inf)
    is_quiet = log_probabilities[:, outside] - others > _CLEARLY
    if len(sentences) == 0:
        return np.zeros(0, np.int64), sentences
    is_busy = ~np.logical_and.reduceat(is_quiet, sentences)  # (n_sentences,)
    lengths = np.diff(sentences, append=len(is_quiet))
    starts = np.cumsum(lengths[is_busy]) - lengths[is_busy]
    return np.flatnonzero(np.repeat(is_busy, lengths)), starts
