"""Measurements -> the figures of the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from worker.annotations import Span


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of a corpus by a contender."""

    seconds: float
    network_seconds: float
    n_computed: int  #: pieces that the network computed


@dataclass(frozen=True, slots=True)
class Account:
    """What a corpus is, whoever reads it."""

    n_documents: int
    n_words: int
    n_pieces: int  #: of its words, each once
    operations: float  #: that the network needs for them


@dataclass(frozen=True, slots=True)
class Agreement:
    """How near the spans of a contender come to those of the reference."""

    entities: float  #: F1 of the spans, exact
    words: float  #: share of the reference's entity words that have the same label here


def rates(samples: Sequence[Sample], account: Account) -> dict[str, float]:
    """Medians over the samples."""
    seconds = median(sample.seconds for sample in samples)
    return {
        "seconds": seconds,
        "pieces_per_s": account.n_pieces / seconds,
        "words_per_s": account.n_words / seconds,
        "documents_per_s": account.n_documents / seconds,
    }


def ratio(others: Sequence[Sample], samples: Sequence[Sample]) -> float:
    """How many times as long the others took: the median over the rounds, since each round had its own disturbances."""
    return median(a.seconds / b.seconds for a, b in zip(others, samples, strict=True))


def share_of_roof(samples: Sequence[Sample], account: Account, roofs: Sequence[float]) -> float:
    """The needed operations in the network's own time, as a share of the roof of the same round."""
    pairs = zip(samples, roofs, strict=True)
    return median(account.operations / sample.network_seconds / roof for sample, roof in pairs)


def agreement(
    reference: Sequence[Sequence[Span]],
    found: Sequence[Sequence[Span]],
    words: Sequence[Sequence[tuple[int, int]]],
) -> Agreement:
    """Compare the spans of the same texts, whose words are given as offsets."""
    n_same = sum(len(set(a) & set(b)) for a, b in zip(reference, found, strict=True))
    n_all = sum(len(a) + len(b) for a, b in zip(reference, found, strict=True))
    n_words = n_agreed = 0
    for one, other, offsets in zip(reference, found, words, strict=True):
        expected, given = _labels(one, offsets), _labels(other, offsets)
        n_words += len(expected)
        n_agreed += sum(given.get(i) == label for i, label in expected.items())
    return Agreement(2 * n_same / n_all if n_all else 1.0, n_agreed / n_words if n_words else 1.0)


def _labels(spans: Iterable[Span], words: Sequence[tuple[int, int]]) -> dict[int, tuple[str, bool]]:
    """Of each word that begins in a span: the span's label, and whether the word is its first."""
    labels: dict[int, tuple[str, bool]] = {}
    ordered = sorted(spans)
    i = 0
    for number, (start, _) in enumerate(words):
        while i < len(ordered) and ordered[i].end <= start:
            i += 1
        if i < len(ordered) and ordered[i].start <= start:
            is_first = (number - 1) not in labels or words[number - 1][0] < ordered[i].start
            labels[number] = (ordered[i].label, is_first)
    return labels
