"""What was missed, made up or got wrong, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from training.pairing import Pair
from training.scoring import LabelledStretch, ScoredDocument, score_of

Kind = Literal["missed", "spurious", "label", "boundary", "label and boundary"]


@dataclass(frozen=True, slots=True)
class Passage:
    """An entity as gold has it."""

    start: int
    end: int
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Prediction(Passage):
    """An entity as it was predicted."""

    score: float | None


@dataclass(frozen=True, slots=True)
class Mistake:
    """An entity that is not right; where both sides are there, they overlap."""

    kind: Kind
    document: str
    gold: Passage | None
    predicted: Prediction | None
    before: str  #: the text up to where the first of the two begins
    after: str  #: the text from where the last of the two ends


@dataclass(frozen=True, slots=True)
class Mistakes:
    """The worst mistakes, and how many there are of each kind in all."""

    worst: tuple[Mistake, ...]
    n: int
    n_by_kind: dict[Kind, int]


def find_mistakes(
    documents: Sequence[ScoredDocument],
    pairs: Sequence[Sequence[Pair]],  # of each document
    names: Sequence[str],
    limit: int,
    context: int,
) -> Mistakes:
    """List up to `limit` mistakes.

    A wrong prediction is the worse the surer the model was, and one without a score comes after those with one;
    what was missed has no score and comes last, in order of the text. A list that does not hold all gives what
    was missed its share, so that a model's false entities do not hide those that it does not see.
    """
    wrong: list[_Found] = []
    missed: list[_Found] = []
    for i, of_document in enumerate(pairs):
        for gold, predicted in of_document:
            if predicted is None:
                missed.append((i, "missed", gold, None))
            elif (kind := _kind(gold, predicted)) is not None:
                wrong.append((i, kind, gold, predicted))
    wrong.sort(key=_doubt)
    n = len(wrong) + len(missed)
    n_missed = min(len(missed), round(limit * len(missed) / n)) if n > limit else len(missed)
    shown = [*wrong[: limit - n_missed], *missed[:n_missed]] if n > limit else [*wrong, *missed]
    return Mistakes(
        tuple(_mistake(found, documents[found[0]].text, names[found[0]], context) for found in shown),
        n,
        dict(Counter(kind for _, kind, _, _ in (*wrong, *missed)).most_common()),
    )


#: The number of a document, and what is wrong there.
_Found = tuple[int, Kind, LabelledStretch | None, LabelledStretch | None]


def _kind(gold: LabelledStretch | None, predicted: LabelledStretch) -> Kind | None:
    """What is wrong with a prediction; None: nothing."""
    if gold is None:
        return "spurious"
    same_span = (gold.start, gold.end) == (predicted.start, predicted.end)
    if gold.label == predicted.label:
        return None if same_span else "boundary"
    return "label" if same_span else "label and boundary"


def _doubt(found: _Found) -> float:
    predicted = found[3]
    score = None if predicted is None else score_of(predicted)
    return 1.0 if score is None else -score


def _mistake(found: _Found, text: str, name: str, context: int) -> Mistake:
    _, kind, gold, predicted = found
    edges = [edge for one in (gold, predicted) if one is not None for edge in (one.start, one.end)]
    start, end = min(edges), max(edges)
    return Mistake(
        kind,
        name,
        None if gold is None else Passage(gold.start, gold.end, gold.label, text[gold.start : gold.end]),
        None if predicted is None else _prediction(predicted, text),
        before=text[max(0, start - context) : start],
        after=text[end : end + context],
    )


def _prediction(one: LabelledStretch, text: str) -> Prediction:
    return Prediction(one.start, one.end, one.label, text[one.start : one.end], score_of(one))
