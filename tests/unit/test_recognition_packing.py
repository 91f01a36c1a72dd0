"""Packs hold every window once, within the budget, with next to no padding."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.recognition.packing import Packer, cheapest_bounds
from worker.recognition.pieces import Pieces
from worker.recognition.sentences import SentenceStarts
from worker.recognition.windows import WindowPolicy, cut_windows

POLICY = WindowPolicy(max_words=200, max_pieces=384)


def cost(lengths: list[int], bounds: list[int], pack_cost: int) -> int:
    return sum((b - a) * lengths[a] + pack_cost for a, b in pairwise(bounds))


def is_allowed(lengths: list[int], bounds: list[int], pack_pieces: int) -> bool:
    return all(b - a == 1 or (b - a) * lengths[a] <= pack_pieces for a, b in pairwise(bounds))


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8), st.integers(1, 40), st.integers(1, 10))
def test_no_other_way_to_cut_costs_less(lengths: list[int], pack_pieces: int, pack_cost: int) -> None:
    lengths.sort(reverse=True)
    n = len(lengths)
    found = cheapest_bounds(np.array(lengths), pack_pieces, pack_cost)
    assert (found[0], found[-1]) == (0, n)
    assert is_allowed(lengths, found, pack_pieces)
    ways = [[0, *inner, n] for size in range(n) for inner in combinations(range(1, n), size)]
    costs = [cost(lengths, way, pack_cost) for way in ways if is_allowed(lengths, way, pack_pieces)]
    assert cost(lengths, found, pack_cost) == min(costs)


def test_without_windows_there_are_no_packs() -> None:
    assert cheapest_bounds(np.array([], dtype=np.int64), 2048, 64) == [0]


def documents(kind: str) -> list[int]:
    """Sentences of seeded documents of a kind."""
    random = np.random.default_rng(5)
    if kind == "short notes":
        return random.integers(2, 30, 64).tolist()  # type: ignore[no-any-return]
    if kind == "mixed lengths":
        return np.exp(random.uniform(0, 6, 64)).astype(int).clip(1).tolist()  # type: ignore[no-any-return]
    return [1000]  # of about 20 words: one document of 20,000


@pytest.mark.parametrize("kind", ["short notes", "mixed lengths", "one of 20,000 words"])
def test_hardly_any_padding_is_computed(kind: str) -> None:
    random = np.random.default_rng(6)
    n_pieces, windows, n_words = [], [], 0
    for n_sentences in documents(kind):
        sizes = random.poisson(20, n_sentences) + 1  # words of each sentence
        own = 1 + random.poisson(0.35, sizes.sum())  # pieces of each word
        sentences: SentenceStarts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        windows.append(cut_windows(own, sentences, POLICY) + n_words)
        n_pieces.append(own)
        n_words += len(own)
    starts = np.concatenate([[0], np.cumsum(np.concatenate(n_pieces))])
    pieces, all_windows = Pieces(np.arange(starts[-1]), starts), np.concatenate(windows)
    packs = list(Packer((1,), (2,), 2048).packs(pieces, all_windows))
    assert max(pack.piece_ids.size for pack in packs) <= 2048
    assert sorted(np.concatenate([pack.word_ids for pack in packs]).tolist()) == list(range(n_words))
    assert sum(pack.piece_ids.size for pack in packs) <= 1.08 * sum(pack.lengths.sum() for pack in packs)
