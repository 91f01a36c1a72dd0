"""The label set of a checkpoint: which label opens, continues or is no entity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from worker.errors import ModelError

#: Prefixes that begin an entity, and those that go on with one, over all BIO-like schemes.
_BEGIN = ("B", "S", "U")
_INSIDE = ("I", "E", "L", "M")


class LabelSet:
    """Labels such as `O`, `B-PER`, `I-PER`, in the order of the model's outputs. A label without prefix reads as I-.

    Attributes:
        names: the labels as the model has them, in order.
        types: the entity types, sorted.
        type_of: index into `types` of each label, shape (n_labels,); -1 for `O`.
        is_begin: whether a label always opens an entity, shape (n_labels,).
    """

    def __init__(self, names: Sequence[str]) -> None:
        if "O" not in names:
            raise ModelError(
                f"The model has no label O, so it tags no entities; its labels are {', '.join(names)}"
            )
        parts = [_split(name) for name in names]
        self.names = tuple(names)
        self.types = tuple(sorted({kind for _, kind in parts if kind is not None}))
        self.type_of = np.array([self.types.index(kind) if kind is not None else -1 for _, kind in parts])
        self.is_begin = np.array([begins for begins, _ in parts])

    def __len__(self) -> int:
        return len(self.names)


def _split(name: str) -> tuple[bool, str | None]:
    """(opens an entity, its type) of a label."""
    if name == "O":
        return False, None
    prefix, separator, kind = name.partition("-")
    if separator and kind and prefix in _BEGIN + _INSIDE:
        return prefix in _BEGIN, kind
    return False, name
