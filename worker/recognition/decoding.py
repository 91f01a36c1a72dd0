"""Rows of log-probabilities -> one label and its probability per word."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from worker.errors import NerqError


def decode_argmax(
    log_probabilities: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The likeliest label of each word on its own.

    Args:
        log_probabilities: shape (n_words, n_labels).

    Returns:
        Label ids, shape (n_words,), and their probabilities in (0, 1], shape (n_words,).

    Raises:
        NerqError: a row holds no numbers.
    """
    if np.isnan(log_probabilities).any():
        raise NerqError(
            "The network gave no numbers; try NERQ_PRECISION=fp32, and check the model's weights."
        )
    label_ids = log_probabilities.argmax(axis=1)
    best = np.take_along_axis(log_probabilities, label_ids[:, None], axis=1)[:, 0]
    return label_ids, np.exp(best.astype(np.float64))
