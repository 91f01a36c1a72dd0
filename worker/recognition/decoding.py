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
    log_probabilities: npt.NDArray[np.float32], sentences: SentenceStarts, transitions: Transitions | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The likeliest label of each word, or the likeliest labels of each sentence.

    Args:
        log_probabilities: shape (n_words, n_labels).
        sentences: indices of the words that begin a sentence.
        transitions: what joins the labels of a sentence; None: nothing.

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
    if transitions is not None:
        return decode_chains(log_probabilities, sentences, transitions)
    label_ids = log_probabilities.argmax(axis=1)
    best = np.take_along_axis(log_probabilities, label_ids[:, None], axis=1)[:, 0]
    return label_ids, np.exp(best.astype(np.float64))
