"""An error's text, cut where gold or the model begins or ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Side = Mapping[str, Any]

#: What stands for text that the evaluation does not hold.
GAP = " … "


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that is in gold's entity, in the model's, in both, or in neither."""

    text: str
    in_gold: bool
    in_predicted: bool

    @property
    def classes(self) -> str:
        """The classes of its mark."""
        return " ".join(name for name, is_in in (("g", self.in_gold), ("p", self.in_predicted)) if is_in)


def find_runs(gold: Side | None, predicted: Side | None) -> list[Run]:
    """The text from where the first of the two begins to where the last one ends."""
    return list(_runs(gold, predicted))


def _runs(gold: Side | None, predicted: Side | None) -> Iterator[Run]:
    sides = [side for side in (gold, predicted) if side is not None]
    edges = sorted({edge for side in sides for edge in (side["start"], side["end"])})
    for start, end in pairwise(edges):
        over = [side for side in sides if side["start"] <= start and end <= side["end"]]
        if over:
            side = over[0]
            text = side["text"][start - side["start"] : end - side["start"]]
            yield Run(text, gold in over, predicted in over)
        else:
            yield Run(GAP, False, False)
