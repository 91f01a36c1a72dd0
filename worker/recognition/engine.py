"""What an engine is: packs of pieces in, log-probabilities of each word's first piece out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from worker.recognition.packing import Pack


class Engine(Protocol):
    """Runs a checkpoint's network on one kind of hardware."""

    name: str  #: such as `torch-cpu`, recorded with every extraction
    precision: str  #: `fp32`, `bf16` or `fp16`

    def predict(self, pack: Pack) -> npt.NDArray[np.float32]:
        """Log-probabilities of the labels at each word's first piece, shape (n_words, n_labels).

        Raises:
            MemoryError: the pack is too large for the machine; halve it.
        """
        ...
