"""The least score at which entities should be kept: F1 at every score that occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.reliability import scored_predictions
from training.scoring import ScoredDocument

CURVE_POINTS = 101


@dataclass(frozen=True, slots=True)
class Cut:
    """The strict scores of the entities whose score is at least the threshold."""

    threshold: float
    precision: float
    recall: float
    f1: float
    n_predicted: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """The best threshold for these very documents; on others it is a little less good."""

    best: Cut  #: of equally good ones the lowest, which keeps most
    at_zero: Cut
    curve: tuple[
        Cut, ...
    ]  #: by threshold, from 0 to the highest score, at most 101 points, the best among them


def find_threshold(documents: Sequence[ScoredDocument]) -> Threshold | None:
    """Try every score that was predicted; None where not every entity has a score."""
    found = scored_predictions(documents)
    if found is None:
        return None
    n_gold = sum(len(document.gold) for document in documents)
    scores = np.array([score for score, _ in found])
    order = np.argsort(-scores, kind="stable")
    n_right = np.cumsum(np.array([is_right for _, is_right in found])[order])
    scores = scores[order]
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))[
        ::-1
    ]  # of each score, lowest score first
    thresholds = [0.0, *(float(scores[i]) for i in last[1:])]  # the lowest keeps all, and so does 0
    cuts = [_cut(t, int(n_right[i]), int(i) + 1, n_gold) for t, i in zip(thresholds, last, strict=True)]
    best = max(range(len(cuts)), key=lambda i: cuts[i].f1)
    shown = {
        best,
        *np.linspace(0, len(cuts) - 1, min(len(cuts), CURVE_POINTS - 1)).round().astype(int).tolist(),
    }
    return Threshold(cuts[best], cuts[0], tuple(cuts[i] for i in sorted(shown)))


def _cut(threshold: float, n_right: int, n_predicted: int, n_gold: int) -> Cut:
    precision, recall = n_right / n_predicted, n_right / n_gold if n_gold else 0.0
    return Cut(threshold, precision, recall, 2 * n_right / (n_gold + n_predicted), n_predicted)
