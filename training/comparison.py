"""Two sets of predictions for the same documents: is one better, or was it luck?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from training.intervals import LEVEL, Range, f1_of, middle, resample
from training.scoring import ScoredDocument
from training.units import Counts, correct_entities, count_units, cut_units, identity, labels_of

#: Numbers that are drawn at once: what a swap of very many units needs of memory.
_DRAWN_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """F1 of two systems, strict, and what only one of them found."""

    first: float
    second: float
    difference: float  #: second minus first
    interval: (
        Range | None
    )  #: of the difference, from resamples that both share; None: there are not two units
    level: float
    #: How often a difference at least as large, in either direction, comes from swapping outputs at random.
    p_value: float
    resamples: int
    swaps: int
    unit: str  #: what was drawn and swapped
    n_units: int
    #: Gold entities that both found, only one of them, neither.
    both: int
    only_first: int
    only_second: int
    neither: int
    #: Wrong predictions that only one of them made.
    wrong_only_first: int
    wrong_only_second: int

    def as_dict(self) -> dict[str, Any]:
        """The comparison as plain values for JSON."""
        return asdict(self)


def compare(
    first: Sequence[ScoredDocument],
    second: Sequence[ScoredDocument],
    *,
    resamples: int = 1000,
    swaps: int = 10_000,
    seed: int = 1,
) -> Comparison:
    """Compare two systems that read the same documents; neither spans of gold nor predictions overlap.

    Raises:
        ValueError: texts or gold differ.
    """
    _check_paired(first, second)
    units, labels = cut_units(first), labels_of([*first, *second])
    ours, theirs = (count_units(units, documents, labels).sum(axis=1) for documents in (first, second))
    f1s = np.nan_to_num(f1_of(np.stack([ours.sum(axis=0), theirs.sum(axis=0)])))
    return Comparison(
        first=float(f1s[0]),
        second=float(f1s[1]),
        difference=float(f1s[1] - f1s[0]),
        interval=_interval(ours, theirs, resamples, seed) if len(units) > 1 else None,
        level=LEVEL,
        p_value=randomisation_p(ours, theirs, swaps, seed),
        resamples=resamples,
        swaps=swaps,
        unit=units.name,
        n_units=len(units),
        **_shares(first, second),
    )


def randomisation_p(first: Counts, second: Counts, swaps: int, seed: int) -> float:
    """Approximate randomisation: the outputs of each unit change sides with a chance of one half.

    The counts have the shape (n_units, 3). (1 + swaps that differ at least as much) / (1 + swaps), for two sides.
    """
    total = np.stack([first.sum(axis=0), second.sum(axis=0)]).astype(np.float64)
    observed = abs(_difference(total[0], total[1]))
    changes = (second - first).astype(np.float64)
    changes = changes[changes.any(axis=1)]  # a unit that is the same on both sides cannot make a difference
    random = np.random.default_rng(seed)
    at_least = 0
    for n in _portions(swaps, len(changes)):
        moved = random.integers(2, size=(n, len(changes)), dtype=np.int8) @ changes
        differences = np.abs(_difference(total[0] + moved, total[1] - moved))
        at_least += int((differences >= observed - 1e-12).sum())
    return (1 + at_least) / (1 + swaps)


def _interval(first: Counts, second: Counts, resamples: int, seed: int) -> Range:
    both = np.stack(
        [first, second], axis=1
    )  # (n_units, 2, 3): each unit is drawn for both sides or for neither
    drawn = np.stack(list(resample(both, resamples, seed)))
    return middle(_difference(drawn[:, 0], drawn[:, 1]))


def _difference(first: Any, second: Any) -> Any:
    """Second F1 minus first, shape (..., 3) -> (...)."""
    return np.nan_to_num(f1_of(second)) - np.nan_to_num(f1_of(first))


def _portions(n: int, width: int) -> Iterator[int]:
    at_once = max(1, _DRAWN_AT_ONCE // max(1, width))
    for done in range(0, n, at_once):
        yield min(at_once, n - done)


def _shares(first: Sequence[ScoredDocument], second: Sequence[ScoredDocument]) -> dict[str, int]:
    shares = dict.fromkeys(
        ("both", "only_first", "only_second", "neither", "wrong_only_first", "wrong_only_second"), 0
    )
    for one, other in zip(first, second, strict=True):
        gold = {identity(entity) for entity in one.gold}
        ours, theirs = correct_entities(one), correct_entities(other)
        shares["both"] += len(ours & theirs)
        shares["only_first"] += len(ours - theirs)
        shares["only_second"] += len(theirs - ours)
        shares["neither"] += len(gold - ours - theirs)
        our_errors = {identity(entity) for entity in one.predicted} - gold
        their_errors = {identity(entity) for entity in other.predicted} - gold
        shares["wrong_only_first"] += len(our_errors - their_errors)
        shares["wrong_only_second"] += len(their_errors - our_errors)
    return shares


def _check_paired(first: Sequence[ScoredDocument], second: Sequence[ScoredDocument]) -> None:
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} documents cannot be compared one by one")
    for number, (one, other) in enumerate(zip(first, second, strict=True), start=1):
        if one.text != other.text:
            raise ValueError(f"the texts of document {number} differ")
        if sorted(map(identity, one.gold)) != sorted(map(identity, other.gold)):
            raise ValueError(f"the gold entities of document {number} differ")
