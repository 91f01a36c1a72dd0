"""Whether entities are as often right as their scores say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.scoring import ScoredDocument, score_of
from training.units import correct_entities, identity

N_BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The entities with scores in `[low, high)`, the last bin `[low, high]`."""

    low: float
    high: float
    n: int
    mean_score: float | None  #: None: no entity
    share_right: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """The share of right entities by score."""

    bins: tuple[Bin, ...]
    #: Mean distance between score and share of right ones, bin by bin, weighted with the entities of a bin.
    expected_calibration_error: float
    n: int


def find_reliability(documents: Sequence[ScoredDocument]) -> Reliability | None:
    """Ten bins of equal width over the scores of what was predicted; None where not every entity has a score."""
    found = scored_predictions(documents)
    if found is None:
        return None
    scores = np.array([score for score, _ in found])
    right = np.array([is_right for _, is_right in found], dtype=np.float64)
    numbers = np.minimum((scores * N_BINS).astype(np.int64), N_BINS - 1)
    bins, error = [], 0.0
    for i in range(N_BINS):
        within, low, high = numbers == i, i / N_BINS, (i + 1) / N_BINS
        n = int(within.sum())
        if n == 0:
            bins.append(Bin(low, high, 0, None, None))
            continue
        mean_score, share_right = float(scores[within].mean()), float(right[within].mean())
        bins.append(Bin(low, high, n, mean_score, share_right))
        error += n / len(found) * abs(mean_score - share_right)
    return Reliability(tuple(bins), error, len(found))


def scored_predictions(documents: Sequence[ScoredDocument]) -> list[tuple[float, bool]] | None:
    """(score, is right) of every predicted entity; None where there is none, or one has no score.

    Raises:
        ValueError: a score is no probability.
    """
    found = []
    for document in documents:
        right = correct_entities(document)
        for one in document.predicted:
            score = score_of(one)
            if score is None:
                return None
            if not 0 <= score <= 1:
                raise ValueError(f"the score {score} of [{one.start}, {one.end}) is not in [0, 1]")
            found.append((score, identity(one) in right))
    return found or None
