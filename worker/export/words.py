"""The words and sentences of a stored document, as its model reads them, for formats that are made of words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from worker.recognition.sentences import split_sentences
from worker.recognition.words import WordRule, split_words
from worker.store import NewEntity

Offsets = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of each sentence; `n_cut`: how many were cut because an entity begins or ends inside of them."""

    sentences: tuple[tuple[Offsets, ...], ...]
    n_cut: int


def cut_words(text: str, entities: Sequence[NewEntity], rule: WordRule) -> Words:
    """Words by the rule and sentences by nerq's splitter; each entity is a run of whole words of one sentence.

    Entities come from words, so this holds by itself, unless the rules have changed since they were found: then the
    words and sentences give way, and the entities stay as they are stored.
    """
    words = split_words(text, rule)
    starts = words[split_sentences(text, words), 0].tolist()
    begins, ends = sorted(e.start for e in entities), sorted(e.end for e in entities)
    cut, n_cut = _cut_at(words.tolist(), sorted({*begins, *ends}))
    # An entity spans a place if more have begun before it than have ended by it.
    breaks = {s for s in starts if bisect_left(begins, s) == bisect_right(ends, s)}
    sentences: list[list[Offsets]] = []
    for word in cut:
        if word[0] in breaks or not sentences:
            sentences.append([])
        sentences[-1].append(word)
    return Words(tuple(map(tuple, sentences)), n_cut)


def _cut_at(words: Sequence[Sequence[int]], edges: Sequence[int]) -> tuple[list[Offsets], int]:
    """The words, cut at the edges that lie inside of them; how many those were."""
    cut: list[Offsets] = []
    n_cut = 0
    for start, end in words:
        inside = edges[bisect_right(edges, start) : bisect_left(edges, end)]
        bounds = [start, *inside, end]
        cut += pairwise(bounds)
        n_cut += bool(inside)
    return cut, n_cut
