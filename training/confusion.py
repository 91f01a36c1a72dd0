"""Which label was predicted in the place of which."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from training.pairing import Pair

#: The column of gold entities in whose place nothing was predicted.
MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of entities; a row sums to the gold entities of its label. Only what occurs has a cell."""

    labels: tuple[str, ...]  #: of both sides, sorted
    rows: dict[str, dict[str, int]]  #: by gold label: predicted labels, and `missed`
    spurious: dict[str, int]  #: by label: predicted where gold has nothing that was not paired already


def confuse(pairs: Iterable[Pair]) -> Confusion:
    """Count the labels of paired entities, wherever their boundaries are."""
    rows: defaultdict[str, Counter[str]] = defaultdict(Counter)
    spurious: Counter[str] = Counter()
    labels: set[str] = set()
    for gold, predicted in pairs:
        labels |= {one.label for one in (gold, predicted) if one is not None}
        if gold is not None:
            rows[gold.label][MISSED if predicted is None else predicted.label] += 1
        elif predicted is not None:
            spurious[predicted.label] += 1
    return Confusion(
        tuple(sorted(labels)),
        {label: dict(sorted(row.items())) for label, row in sorted(rows.items())},
        dict(sorted(spurious.items())),
    )
