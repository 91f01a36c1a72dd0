"""The label set of a checkpoint: which label opens, continues, closes or is no entity."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from worker.errors import ModelError

# Prefixes over all BIO-like schemes: IOB1, IOB2, IOE, BIOES, BILOU, BMES.
_BEGIN = ("B", "S", "U")
_INSIDE = ("I", "E", "L", "M")
_END = ("S", "U", "E", "L")


class LabelSet:
    """Labels such as `O`, `B-PER`, `I-PER`, in the order of the model's outputs. A label without prefix reads as I-.

    A prefix is read only where the whole set bears it out: beside `PHONE`, `E-MAIL` is a type; beside `B-MAIL` it ends
    one. `B_PER` is `B-PER` where there is an `I_PER` too.

    Attributes:
        names: the labels as the model has them, in order.
        types: the entity types, sorted.
        type_of: index into `types` of each label, shape (n_labels,); -1 for `O`.
        is_begin: whether a label always opens an entity, shape (n_labels,).
        is_end: whether a label always closes an entity, shape (n_labels,).
    """

    def __init__(self, names: Sequence[str]) -> None:
        if "O" not in names:
            raise ModelError(
                f"The model has no label O, so it tags no entities; its labels are {', '.join(names)}"
            )
        parts = _split_all(names)
        self.names = tuple(names)
        self.types = tuple(sorted({kind for _, kind in parts if kind is not None}))
        self.type_of = np.array([self.types.index(kind) if kind is not None else -1 for _, kind in parts])
        self.is_begin = np.array([prefix in _BEGIN for prefix, _ in parts])
        self.is_end = np.array([prefix in _END for prefix, _ in parts])

    def __len__(self) -> int:
        return len(self.names)


def _split_all(names: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """(prefix, type) of each label."""
    known = set(names)
    # An underscore is a part of many names: it takes a pair such as B_PER and I_PER to make it a separator.
    is_underscored = any(f"I{name[1:]}" in known for name in known if name.startswith("B_"))
    return [_split(name, known, "-_" if is_underscored else "-") for name in names]


def _split(name: str, names: Collection[str], separators: str) -> tuple[str | None, str | None]:
    if name == "O":
        return None, None
    for separator in separators:
        prefix, found, kind = name.partition(separator)
        if found and kind and prefix in _BEGIN + _INSIDE and _is_prefix(prefix, separator + kind, names):
            return prefix, kind
    return None, name


def _is_prefix(prefix: str, rest: str, names: Collection[str]) -> bool:
    """Whether `prefix` is one among these labels, and no part of the type's name."""
    if prefix in "BI" or f"B{rest}" in names or f"I{rest}" in names:
        return True
    # A type of single words only has nothing but S-X, in a set where other types have an E-.
    end = {"S": "E", "U": "L"}.get(prefix)
    return end is not None and any(n.startswith(end + rest[0]) and f"B{n[1:]}" in names for n in names)
