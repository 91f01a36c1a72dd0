"""Spans or tags against gold: precision, recall and F1 of whole entities, computed by seqeval.

An entity counts only if start, end and label are all right. Tags are read in one of two ways, which differ only
where they are not legal IOB2 (an I-X that continues no X), and so never for spans:

- strict: only a B-X begins an entity; seqeval's strict mode, IOB2
- conlleval: an I-X after O or after another label begins one too; seqeval's default mode
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from seqeval.metrics import classification_report
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, Entities

from worker.annotations import Offsets, cut_words

#: How tags are read as entities.
Reading = Literal["strict", "conlleval"]


class LabelledStretch(Protocol):
    """A span of gold, or an entity that was predicted; the latter may have a `score` in [0, 1] too."""

    @property
    def start(self) -> int: ...  # noqa: D102 - said by the name
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class ScoredDocument:
    """A text with the entities that it has and those found in it; neither overlap among themselves."""

    text: str
    gold: Sequence[LabelledStretch]
    predicted: Sequence[LabelledStretch]
    #: Offsets at which its sentences begin; None: the rules of recognition find them where they are needed.
    sentences: Sequence[int] | None = None


def score_of(entity: LabelledStretch) -> float | None:
    """The model's confidence in an entity; None where it states none."""
    score = getattr(entity, "score", None)
    return None if score is None else float(score)


@dataclass(frozen=True, slots=True)
class LabelScore:
    """The score of one label; ratios in [0, 1], 0 where nothing is there to divide by."""

    precision: float
    recall: float
    f1: float
    support: int  #: entities in gold
    n_predicted: int


@dataclass(frozen=True, slots=True)
class Report:
    """The score over all entities (micro average) and label by label."""

    precision: float
    recall: float
    f1: float
    n_gold: int
    n_predicted: int
    n_correct: int
    per_label: dict[str, LabelScore]
    n_documents: int

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values for JSON."""
        return asdict(self)


def score_spans(documents: Iterable[ScoredDocument], reading: Reading = "strict") -> Report:
    """Score spans of characters.

    Words are cut at white space and at the boundaries of both sides, so that nothing is snapped: `Berlin`
    found in `Berlin-based` is right where gold says `Berlin`, and wrong where gold says `Berlin-based`.

    Raises:
        ValueError: spans overlap, or one begins or ends with white space.
    """
    gold, predicted = [], []
    for document in documents:
        sides = (document.gold, document.predicted)
        words = cut_words(document.text, (edge for side in sides for s in side for edge in (s.start, s.end)))
        gold.append(_tags(words, document.gold))
        predicted.append(_tags(words, document.predicted))
    return score_tags(gold, predicted, reading)


def score_tags(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], reading: Reading = "strict"
) -> Report:
    """Score IOB2 tags, a sequence for each document (or sentence).

    Raises:
        ValueError: the two sides differ in length.
    """
    gold_runs, predicted_runs = [], []
    for gold_tags, predicted_tags in zip(gold, predicted, strict=True):
        for run in _tagged_runs(gold_tags, predicted_tags):
            gold_runs.append([tag for tag, _ in run])
            predicted_runs.append([tag for _, tag in run])
    return _report(gold_runs, predicted_runs, len(gold), reading)


def _report(gold: list[list[str]], predicted: list[list[str]], n_documents: int, reading: Reading) -> Report:
    in_gold, in_predicted = _by_label(gold, reading), _by_label(predicted, reading)
    labels = sorted(in_gold.keys() | in_predicted.keys())
    if not labels:  # seqeval fails where there is no entity at all
        return Report(0.0, 0.0, 0.0, 0, 0, 0, {}, n_documents)
    mode = {"mode": "strict", "scheme": IOB2} if reading == "strict" else {}
    scores = classification_report(gold, predicted, output_dict=True, zero_division=0, **mode)
    per_label = {
        label: LabelScore(
            *_ratios(scores[label]), int(scores[label]["support"]), len(in_predicted.get(label, ()))
        )
        for label in labels
    }
    return Report(
        *_ratios(scores["micro avg"]),
        n_gold=sum(score.support for score in per_label.values()),
        n_predicted=sum(score.n_predicted for score in per_label.values()),
        n_correct=sum(len(in_gold[label] & in_predicted.get(label, set())) for label in in_gold),
        per_label=per_label,
        n_documents=n_documents,
    )


def _by_label(runs: list[list[str]], reading: Reading) -> dict[str, set[Any]]:
    """The entities that seqeval sees in runs of tags, each as whatever identifies it."""
    if reading == "strict":
        entities = Entities(runs, IOB2)
        return {label: entities.filter(label) for label in entities.unique_tags}
    found: defaultdict[str, set[Any]] = defaultdict(set)
    for label, first, last in get_entities(runs):
        found[label].add((first, last))
    return dict(found)


def _ratios(scores: dict[str, float]) -> tuple[float, float, float]:
    return float(scores["precision"]), float(scores["recall"]), float(scores["f1-score"])


def _tagged_runs(gold: Sequence[str], predicted: Sequence[str]) -> Iterator[list[tuple[str, str]]]:
    """The runs of words that either side tags: what is O on both changes no score, and costs most time."""
    run: list[tuple[str, str]] = []
    for pair in zip(gold, predicted, strict=True):
        if pair != ("O", "O"):
            run.append(pair)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _tags(words: Sequence[Offsets], spans: Sequence[LabelledStretch]) -> list[str]:
    """The IOB2 tags of words that were cut at the spans' boundaries."""
    first_at = {start: i for i, (start, _) in enumerate(words)}
    end_at = {end: i + 1 for i, (_, end) in enumerate(words)}
    tags = ["O"] * len(words)
    for span in spans:
        first, end = first_at.get(span.start), end_at.get(span.end)
        if first is None or end is None or first >= end:
            raise ValueError(f"[{span.start}, {span.end}) is out of the text or ends with white space")
        if any(tag != "O" for tag in tags[first:end]):
            raise ValueError(f"[{span.start}, {span.end}) overlaps another span")
        tags[first:end] = [f"B-{span.label}", *[f"I-{span.label}"] * (end - first - 1)]
    return tags
