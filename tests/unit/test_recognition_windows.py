"""Windows: every word labelled once, whole sentences together, overlap only inside long ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.recognition.packing import Packer
from worker.recognition.pieces import Pieces
from worker.recognition.windows import WindowPolicy, cut_windows


@st.composite
def documents(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, WindowPolicy]:
    max_pieces = draw(st.integers(1, 12))
    n_pieces = draw(st.lists(st.integers(1, max_pieces), max_size=60))
    starts = draw(st.sets(st.integers(1, max(1, len(n_pieces) - 1)))) if n_pieces else set()
    sentences = sorted({0, *(s for s in starts if s < len(n_pieces))}) if n_pieces else []
    policy = WindowPolicy(draw(st.integers(0, 20)), max_pieces)
    return np.array(n_pieces, int), np.array(sentences, int), policy


@given(documents())
def test_every_word_is_labelled_by_exactly_one_window(
    document: tuple[np.ndarray, np.ndarray, WindowPolicy],
) -> None:
    n_pieces, sentences, policy = document
    windows = cut_windows(n_pieces, sentences, policy)
    owned = [word for _, _, first, last in windows.tolist() for word in range(first, last)]
    assert owned == list(range(len(n_pieces)))
    for first, last, own_first, own_last in windows.tolist():
        assert first <= own_first < own_last <= last
        assert n_pieces[first:last].sum() <= policy.max_pieces


@given(documents())
def test_windows_overlap_only_inside_a_sentence_that_is_too_long(
    document: tuple[np.ndarray, np.ndarray, WindowPolicy],
) -> None:
    n_pieces, sentences, policy = document
    bounds = {*sentences.tolist(), len(n_pieces)}
    for first, last, own_first, own_last in cut_windows(n_pieces, sentences, policy).tolist():
        if (first, last) == (own_first, own_last) and {first, last} <= bounds:
            continue  # whole sentences
        sentence = max(s for s in sentences.tolist() if s <= first)
        end = min(b for b in bounds if b > sentence)
        too_many_words = policy.max_words and end - sentence > policy.max_words
        assert too_many_words or n_pieces[sentence:end].sum() > policy.max_pieces
        assert sentence <= first < last <= end


@given(st.integers(2, 200), st.integers(2, 30))
def test_each_word_is_labelled_where_it_has_most_context(n_words: int, max_pieces: int) -> None:
    windows = cut_windows(np.ones(n_words, int), np.zeros(1, int), WindowPolicy(0, max_pieces)).tolist()
    for first, last, own_first, own_last in windows:
        for word in range(own_first, own_last):
            context = [
                min(word - a if a else n_words, b - 1 - word if b < n_words else n_words)
                for a, b, _, _ in windows
                if a <= word < b
            ]
            mine = min(word - first if first else n_words, last - 1 - word if last < n_words else n_words)
            assert mine >= max(context) - 1  # in the middle of an even overlap both are as good


def test_sentences_are_joined_up_to_the_policy() -> None:
    sentences = np.array([0, 5, 10, 15])
    n_pieces = np.ones(20, int)
    assert cut_windows(n_pieces, sentences, WindowPolicy(0, 50))[:, :2].tolist() == [
        [0, 5], [5, 10], [10, 15], [15, 20],
    ]  # fmt: skip
    assert cut_windows(n_pieces, sentences, WindowPolicy(11, 50))[:, :2].tolist() == [[0, 10], [10, 20]]
    assert cut_windows(n_pieces, sentences, WindowPolicy(99, 12))[:, :2].tolist() == [[0, 10], [10, 20]]


def test_no_window_is_computed_for_nothing() -> None:
    n_pieces = np.array([1, 2, 3, 4, 7])  # what overlaps does not fit into one window with what follows
    assert cut_windows(n_pieces, np.array([0]), WindowPolicy(0, 10)).tolist() == [[0, 4, 0, 4], [4, 5, 4, 5]]


def test_an_impossible_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="no window fits"):
        WindowPolicy(10, 0)


@given(documents(), st.integers(1, 64))
def test_packs_hold_every_window_once_within_the_budget(
    document: tuple[np.ndarray, np.ndarray, WindowPolicy], budget: int
) -> None:
    n_pieces, sentences, policy = document
    windows = cut_windows(n_pieces, sentences, policy)
    starts = np.concatenate([[0], np.cumsum(n_pieces)])
    pieces = Pieces(np.arange(100, 100 + starts[-1]), starts)
    seen = []
    for pack in Packer((1,), (2, 3), budget).packs(pieces, windows):
        assert pack.piece_ids.size <= budget or len(pack.piece_ids) == 1
        for row, length in zip(pack.piece_ids, pack.lengths, strict=True):
            assert (row[0], *row[length - 2 : length]) == (1, 2, 3)
            assert not row[length:].any()
        first_pieces = pack.piece_ids[pack.word_rows, pack.word_columns]
        assert first_pieces.tolist() == (100 + starts[pack.word_ids]).tolist()
        seen += pack.word_ids[pack.word_is_owned].tolist()
        if len(pack.lengths) > 1:
            halves = pack.halves()
            assert sum(len(half.lengths) for half in halves) == len(pack.lengths)
            for half in halves:
                firsts = half.piece_ids[half.word_rows, half.word_columns]
                assert firsts.tolist() == (100 + starts[half.word_ids]).tolist()
    assert sorted(seen) == list(range(len(n_pieces)))
