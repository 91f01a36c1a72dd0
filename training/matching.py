"""Four readings of "found" (SemEval-2013, task 9.1), counted by nervaluate.

- strict: span and label are right
- exact: the span is right, whatever the label
- partial: whatever the label; half a point where the spans only overlap
- type: the label is right and the spans overlap
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nervaluate import Evaluator

from training.scoring import LabelledStretch, ScoredDocument

#: nervaluate's name of each reading.
_STRATEGIES = {"strict": "strict", "exact": "exact", "partial": "partial", "type": "ent_type"}


@dataclass(frozen=True, slots=True)
class Match:
    """The counts of one reading, as SemEval names them, and the ratios that follow from them."""

    precision: float
    recall: float
    f1: float
    correct: int
    incorrect: int  #: something overlaps, but it does not count
    partial: int
    missed: int
    spurious: int
    possible: int  #: entities in gold
    actual: int  #: entities that were predicted


def match_spans(documents: Iterable[ScoredDocument]) -> dict[str, Match]:
    """The scores of spans in each reading: strict, exact, partial, type."""
    gold, predicted, labels = [], [], set()
    for document in documents:
        for gold_run, predicted_run in _runs(document):
            gold.append([_as_nervaluate(one) for one in gold_run])
            predicted.append([_as_nervaluate(one) for one in predicted_run])
            labels |= {one.label for one in (*gold_run, *predicted_run)}
    if not gold:
        return {name: Match(0.0, 0.0, 0.0, 0, 0, 0, 0, 0, 0, 0) for name in _STRATEGIES}
    results = Evaluator(gold, predicted, tags=sorted(labels), loader="dict").evaluate()["overall"]
    return {name: _match(results[strategy]) for name, strategy in _STRATEGIES.items()}


def _as_nervaluate(one: LabelledStretch) -> dict[str, Any]:
    # An end is a place after the entity here, but the last place of it there: [0, 5) and [5, 9) share nothing.
    return {"label": one.label, "start": one.start, "end": one.end - 1}


def _match(result: Any) -> Match:
    return Match(
        float(result.precision),
        float(result.recall),
        float(result.f1),
        correct=result.correct,
        incorrect=result.incorrect,
        partial=result.partial,
        missed=result.missed,
        spurious=result.spurious,
        possible=result.possible,
        actual=result.actual,
    )


#: Entities after which a run ends where it can: nervaluate takes a time for each run, and for each pair in it.
_RUN_ENTITIES = 16

_Run = tuple[list[LabelledStretch], list[LabelledStretch]]


def _runs(document: ScoredDocument) -> Iterator[_Run]:
    """The document in runs that no entity crosses: nervaluate compares each entity of a text with every other."""
    sides: Sequence[tuple[int, Sequence[LabelledStretch]]] = ((0, document.gold), (1, document.predicted))
    entities = sorted(((one, side) for side, ones in sides for one in ones), key=lambda pair: pair[0].start)
    run: _Run = ([], [])
    end = 0
    for one, side in entities:
        if one.start >= end and sum(map(len, run)) >= _RUN_ENTITIES:
            yield run
            run = ([], [])
        run[side].append(one)
        end = max(end, one.end)
    if any(run):
        yield run
