"""What a label says of its neighbours: the log-weights that join the words of a sentence into a chain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from worker.errors import ModelError
from worker.recognition.labels import LabelSet

#: The learned weights of a checkpoint that is decoded by its CRF, beside those of its network.
CRF_FILE = "crf.safetensors"
#: Log-weight of what must not be: finite, so that it can be computed with, and lower than any sum it could stand
#: against (see `chains`).
ILLEGAL = -10_000.0

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Transitions:
    """The parts of a linear chain's score that do not depend on the words."""

    starts: _Floats  #: of each label at the first word, shape (n_labels,)
    moves: _Floats  #: of each label (row) before each label (column), shape (n_labels, n_labels)
    ends: _Floats  #: of each label at the last word, shape (n_labels,)

    @classmethod
    def legal(cls, labels: LabelSet) -> Transitions:
        """0 for what the scheme of the labels allows, ILLEGAL for the rest.

        A label inside an entity needs one of its type before it that does not close the entity; where a type has
        labels that close, an open entity needs one of them after it. Labels without prefix may stand anywhere.
        """
        n = len(labels)
        types, begins, ends = labels.type_of, labels.is_begin, labels.is_end
        same = (types[:, None] == types) & (types >= 0)  # (n, n)
        has_begin = (same & begins).any(axis=1)
        has_close = (same & ends & ~begins).any(axis=1)
        needs_before = ~begins & has_begin  # (n,): I-X, E-X
        needs_after = ~ends & has_begin & has_close  # (n,): B-X, I-X where there is E-X
        goes_on = same & ~ends[:, None] & ~begins
        illegal = (needs_before | needs_after[:, None]) & ~goes_on
        return cls(
            np.where(needs_before, ILLEGAL, 0.0),
            np.where(illegal, ILLEGAL, 0.0).reshape(n, n),
            np.where(needs_after, ILLEGAL, 0.0),
        )

    @classmethod
    def read(cls, folder: Path, labels: LabelSet) -> Transitions:
        """The learned ones of a checkpoint.

        Raises:
            ModelError: there are none, or not those of these labels.
        """
        path = folder / CRF_FILE
        if not path.exists():
            raise ModelError(f"{folder} has no {CRF_FILE}, without which its CRF cannot decode.")
        try:
            stored = load_file(path)
        except (OSError, SafetensorError, TypeError, ValueError) as error:
            raise ModelError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
        n = len(labels)
        shapes = {"starts": (n,), "moves": (n, n), "ends": (n,)}
        found = {name: tensor.shape for name, tensor in stored.items()}
        if found != shapes:
            raise ModelError(f"{path} holds {found}; a CRF of the model's {n} labels is {shapes}.")
        if not all(np.isfinite(tensor).all() for tensor in stored.values()):
            raise ModelError(f"{path} holds weights that are no numbers.")
        return cls(**{name: tensor.astype(np.float64) for name, tensor in stored.items()})
