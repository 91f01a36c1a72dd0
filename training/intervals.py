"""How far the scores might be off had other texts of the same kind been annotated: a percentile bootstrap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.scoring import ScoredDocument
from training.units import CORRECT, GOLD, PREDICTED, Counts, count_units, cut_units, labels_of

LEVEL = 0.95

Range = tuple[float, float]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelInterval:
    """The interval of one label."""

    f1: Range


@dataclass(frozen=True, slots=True)
class Interval:
    """The range that holds the middle 95 % of the scores of resamples."""

    level: float
    resamples: int
    unit: str  #: what was drawn
    n_units: int  #: with few of them the ranges are rough, and rather too narrow
    precision: Range
    recall: Range
    f1: Range
    per_label: dict[str, LabelInterval]


def find_intervals(
    documents: Sequence[ScoredDocument], resamples: int = 1000, seed: int = 1
) -> Interval | None:
    """The intervals of all entities and of each label; None where there are not two units to draw from.

    A resample in which a score has nothing to divide by does not count for it.
    """
    units, labels = cut_units(documents), labels_of(documents)
    if len(units) < 2:
        return None
    counts = count_units(units, documents, labels)
    drawn = np.stack(list(resample(counts, resamples, seed)))
    overall = drawn.sum(axis=1)
    f1 = f1_of(drawn)
    return Interval(
        LEVEL,
        resamples,
        units.name,
        len(units),
        precision=middle(_share(overall[:, CORRECT], overall[:, PREDICTED])),
        recall=middle(_share(overall[:, CORRECT], overall[:, GOLD])),
        f1=middle(f1_of(overall)),
        per_label={label: LabelInterval(middle(f1[:, i])) for i, label in enumerate(labels)},
    )


def resample(counts: Counts, resamples: int, seed: int) -> Iterator[Floats]:
    """The counts of as many units as there are, drawn with replacement and added up, `resamples` times."""
    random, n = np.random.default_rng(seed), len(counts)
    flat = counts.reshape(n, -1).astype(np.float64)
    for _ in range(resamples):
        weights = np.bincount(random.integers(n, size=n), minlength=n)
        yield (weights @ flat).reshape(counts.shape[1:])


def f1_of(counts: npt.NDArray[np.number]) -> Floats:
    """F1 of counts, shape (..., 3) -> (...); NaN where neither side has an entity."""
    return _share(2 * counts[..., CORRECT], counts[..., GOLD] + counts[..., PREDICTED])


def middle(scores: Floats) -> Range:
    """The range that holds the middle 95 %; (0, 0) where there is no score at all."""
    known = scores[~np.isnan(scores)]
    if known.size == 0:
        return 0.0, 0.0
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)


def _share(part: npt.NDArray[np.number], whole: npt.NDArray[np.number]) -> Floats:
    shares = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares
