"""One row of log-probabilities per word, taken from the window in which the word has most context."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from worker.recognition.packing import Pack


class WordRows:
    """Collects the engine's answers, pack by pack, in any order.

    Attributes:
        rows: log-probabilities, shape (n_words, n_labels).
        n_reads: how many windows labelled each word, shape (n_words,); 1 for every word once all packs are in.
    """

    def __init__(self, n_words: int, n_labels: int) -> None:
        self.rows = np.zeros((n_words, n_labels), dtype=np.float32)
        self.n_reads = np.zeros(n_words, dtype=np.int64)

    def add(self, pack: Pack, log_probabilities: npt.NDArray[np.float32]) -> None:
        """Take the rows of the words that the pack's windows own; the others were context."""
        own = pack.word_ids[pack.word_is_owned]
        self.rows[own] = log_probabilities[pack.word_is_owned]
        self.n_reads[own] += 1
