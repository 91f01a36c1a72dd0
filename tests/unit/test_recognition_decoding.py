"""Rows -> labels, against all sequences written out."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from worker.errors import ModelError, NerqError
from worker.recognition.decoding import decode
from worker.recognition.labels import LabelSet
from worker.recognition.transitions import CRF_FILE, ILLEGAL, Transitions

BIO = LabelSet(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])
BIOES = LabelSet(["O", "B-X", "I-X", "E-X", "S-X"])
N = len(BIO)


def random_rows(random: np.random.Generator, n_words: int, spread: float = 3.0) -> npt.NDArray[np.float32]:
    logits = random.normal(scale=spread, size=(n_words, N))
    rows: npt.NDArray[np.float32] = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype("f4")
    return rows


def random_transitions(random: np.random.Generator) -> Transitions:
    return Transitions(random.normal(size=N), random.normal(size=(N, N)), random.normal(size=N))


def starts_of(lengths: list[int]) -> npt.NDArray[np.int64]:
    return np.cumsum([0, *lengths[:-1]], dtype=np.int64)


def enumerate_sentence(
    rows: npt.NDArray[np.float32], transitions: Transitions
) -> tuple[tuple[int, ...], npt.NDArray[np.float64]]:
    """The best of all sequences, and every label's share of all of them, shape (n_words, n_labels)."""
    exact = rows.astype(float)
    totals = {}
    for path in product(range(N), repeat=len(rows)):
        total = transitions.starts[path[0]] + transitions.ends[path[-1]] + exact[range(len(path)), path].sum()
        totals[path] = total + sum(transitions.moves[a, b] for a, b in pairwise(path))
    highest = max(totals.values())
    shares = np.zeros(rows.shape)
    for path, total in totals.items():
        shares[range(len(path)), path] += np.exp(total - highest)
    return max(totals, key=lambda path: totals[path]), shares / shares.sum(axis=1, keepdims=True)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    transitions=st.sampled_from(["random", "BIO", "BIOES"]),
)
def test_labels_and_scores_are_those_of_all_sequences_written_out(
    seed: int, lengths: list[int], transitions: str
) -> None:
    random = np.random.default_rng(seed)
    rows = random_rows(random, sum(lengths))
    chain = {
        "random": random_transitions(random),
        "BIO": Transitions.legal(BIO),
        "BIOES": Transitions.legal(BIOES),
    }[transitions]
    label_ids, scores = decode(rows, starts_of(lengths), chain)
    for first, n in zip(starts_of(lengths).tolist(), lengths, strict=True):
        path, shares = enumerate_sentence(rows[first : first + n], chain)
        assert tuple(label_ids[first : first + n]) == path
        np.testing.assert_allclose(scores[first : first + n], shares[range(n), path], rtol=0, atol=1e-9)


def test_a_chain_without_weights_is_argmax() -> None:
    rows = random_rows(np.random.default_rng(1), 500)
    nothing = Transitions(np.zeros(N), np.zeros((N, N)), np.zeros(N))
    label_ids, scores = decode(rows, starts_of([100, 1, 399]), nothing)
    best, probabilities = decode(rows, starts_of([500]), None)
    np.testing.assert_array_equal(label_ids, best)
    np.testing.assert_allclose(scores, probabilities, atol=1e-6)


@pytest.mark.parametrize("spread", [3.0, 100.0, 3000.0])
@pytest.mark.parametrize("labels", [BIO, BIOES], ids=["BIO", "BIOES"])
def test_constrained_labels_are_legal_however_sure_the_network_is(labels: LabelSet, spread: float) -> None:
    rows = random_rows(np.random.default_rng(2), 3000, 3.0) * np.float32(spread / 3)
    lengths = [1] * 100 + [2] * 100 + [3] * 100 + [2400]
    chain = Transitions.legal(labels)
    label_ids, scores = decode(rows, starts_of(lengths), chain)
    firsts = starts_of(lengths)
    lasts = np.append(firsts[1:], len(rows)) - 1
    inside = np.setdiff1d(np.arange(1, len(rows)), firsts)
    assert (chain.starts[label_ids[firsts]] == 0).all()
    assert (chain.ends[label_ids[lasts]] == 0).all()
    assert (chain.moves[label_ids[inside - 1], label_ids[inside]] == 0).all()
    assert ((scores > 0) & (scores <= 1)).all()
    assert (rows.argmax(axis=1) != label_ids).any()


def test_the_sentences_beside_it_change_nothing_about_one() -> None:
    random = np.random.default_rng(3)
    lengths = random.integers(1, 60, size=6000).tolist()  # more than are decoded at once
    rows, chain = random_rows(random, sum(lengths)), random_transitions(random)
    label_ids, scores = decode(rows, starts_of(lengths), chain)
    for i in random.integers(0, len(lengths), size=50).tolist():
        first, n = int(starts_of(lengths)[i]), lengths[i]
        alone, alone_scores = decode(rows[first : first + n], starts_of([n]), chain)
        np.testing.assert_array_equal(label_ids[first : first + n], alone)
        np.testing.assert_allclose(scores[first : first + n], alone_scores, rtol=1e-12)


@pytest.mark.parametrize("labels", [BIO, BIOES], ids=["BIO", "BIOES"])
def test_a_sentence_of_many_thousand_words_is_decoded_as_if_it_were_one_chain(
    labels: LabelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, chain = random_rows(np.random.default_rng(5), 30_000, 6.0), Transitions.legal(labels)
    cut, cut_scores = decode(rows, starts_of([25_000, 5000]), chain)
    monkeypatch.setattr("worker.recognition.chains._MAX_WORDS", 30_000)
    whole, scores = decode(rows, starts_of([25_000, 5000]), chain)
    np.testing.assert_array_equal(cut, whole)
    np.testing.assert_allclose(cut_scores, scores, atol=1e-5)


@pytest.mark.parametrize("chain", [None, Transitions.legal(BIO)], ids=["argmax", "constrained"])
def test_no_words_and_no_numbers(chain: Transitions | None) -> None:
    label_ids, scores = decode(np.zeros((0, N), np.float32), np.zeros(0, np.int64), chain)
    assert (len(label_ids), len(scores)) == (0, 0)
    rows = random_rows(np.random.default_rng(4), 3)
    rows[1, 2] = np.nan
    with pytest.raises(NerqError, match="gave no numbers"):
        decode(rows, starts_of([3]), chain)


@pytest.mark.parametrize(
    ("names", "legal", "illegal"),
    [
        (
            "O B-X I-X B-Y I-Y",
            ["O O", "B-X I-X I-X", "B-X B-X", "B-X B-Y I-Y O", "B-X O"],
            ["I-X", "O I-X", "B-Y I-X", "I-X I-Y"],
        ),
        (
            "O B-X I-X E-X S-X",
            ["B-X I-X E-X", "B-X E-X B-X E-X", "S-X S-X O"],
            ["B-X", "B-X O", "I-X E-X", "S-X E-X", "B-X E-X E-X", "B-X I-X", "B-X S-X"],
        ),
        ("O B-X I-X L-X U-X", ["B-X L-X U-X"], ["U-X L-X", "B-X U-X"]),
        ("O I-X I-Y", ["I-X I-Y", "O I-X O"], []),
        ("O PER LOC", ["PER LOC PER O"], []),
        ("O I-X E-X", ["I-X E-X I-X O", "E-X E-X"], []),
    ],
)
def test_what_each_scheme_allows(names: str, legal: list[str], illegal: list[str]) -> None:
    labels = LabelSet(names.split())
    chain = Transitions.legal(labels)
    for tags in legal + illegal:
        path = [labels.names.index(tag) for tag in tags.split()]
        total = (
            chain.starts[path[0]] + chain.ends[path[-1]] + sum(chain.moves[a, b] for a, b in pairwise(path))
        )
        assert (total == 0) == (tags in legal), tags
        assert total == 0 or total <= ILLEGAL


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "has no crf.safetensors"),
        (b"nonsense", "cannot be read"),
        ({"starts": np.zeros(N), "moves": np.zeros((N, N))}, "a CRF of the model's 5 labels"),
        ({"starts": np.zeros(N), "moves": np.zeros((N, 2)), "ends": np.zeros(N)}, "a CRF of the model's 5"),
        ({"starts": np.zeros(N), "moves": np.full((N, N), np.nan), "ends": np.zeros(N)}, "no numbers"),
    ],
)
def test_a_crf_that_cannot_be_read_says_why(tmp_path: Path, content: object, message: str) -> None:
    if isinstance(content, bytes):
        (tmp_path / CRF_FILE).write_bytes(content)
    elif isinstance(content, dict):
        save_file(content, tmp_path / CRF_FILE)
    with pytest.raises(ModelError, match=message):
        Transitions.read(tmp_path, BIO)
