"""The CRF's loss, against all sequences written out, and its way into a checkpoint."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
import torch

from training.crf import LinearChainCrf
from training.data import IGNORED
from worker.recognition.decoding import decode
from worker.recognition.labels import LabelSet
from worker.recognition.transitions import ILLEGAL, Transitions

LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
OUT, B_PER, I_PER, B_LOC, I_LOC = range(5)
UNKNOWN = IGNORED


def random_crf(seed: int) -> LinearChainCrf:
    crf = LinearChainCrf(LABELS)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for weights in crf.parameters():
            torch.nn.init.normal_(weights)
    return crf


def random_rows(seed: int, n_words: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_words, len(LABELS), generator=generator).mul(2).log_softmax(dim=-1)


def enumerate_loss(crf: LinearChainCrf, rows: torch.Tensor, known: list[int]) -> float:
    """-log of the share of all legal sequences that has the known labels, in double precision."""
    legal = Transitions.legal(LabelSet(LABELS))
    starts, moves, ends = (w.detach().double() for w in (crf.starts, crf.moves, crf.ends))
    every, labelled = 0.0, 0.0
    for path in product(range(len(LABELS)), repeat=len(known)):
        if legal.starts[path[0]] or any(legal.moves[a, b] for a, b in pairwise(path)):
            continue
        total = (
            starts[path[0]] + ends[path[-1]] + sum(rows[i, label].double() for i, label in enumerate(path))
        )
        share = float(torch.exp(total + sum(moves[a, b] for a, b in pairwise(path))))
        every += share
        if all(want in (UNKNOWN, label) for want, label in zip(known, path, strict=True)):
            labelled += share
    return float(np.log(every) - np.log(labelled))


@pytest.mark.parametrize(
    ("chains", "n_labelled"),
    [
        ([[OUT, B_PER, I_PER, OUT]], 4),
        ([[OUT], [B_LOC, I_LOC, B_LOC], [B_PER, B_LOC]], 6),
        ([[OUT, UNKNOWN, I_PER, OUT], [UNKNOWN, UNKNOWN], [B_PER, UNKNOWN]], 4),
    ],
    ids=["one sentence", "sentences of several lengths", "unknown labels"],
)
def test_the_loss_is_that_of_all_sequences_written_out(chains: list[list[int]], n_labelled: int) -> None:
    crf, lengths = random_crf(1), [len(chain) for chain in chains]
    rows = random_rows(2, sum(lengths))
    label_ids = torch.tensor([label for chain in chains for label in chain])
    parts = zip(torch.split(rows, lengths), chains, strict=True)
    expected = sum(enumerate_loss(crf, part, chain) for part, chain in parts) / n_labelled
    assert crf.loss(rows, label_ids, lengths).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("labels", "read_as"),
    [
        ([I_PER, I_PER, OUT], [UNKNOWN, I_PER, OUT]),  # the end of an entity that a window cut
        ([B_LOC, B_PER, I_LOC], [B_LOC, B_PER, UNKNOWN]),
    ],
)
def test_a_label_that_cannot_stand_there_counts_as_unknown(labels: list[int], read_as: list[int]) -> None:
    crf, rows = random_crf(3), random_rows(4, 3)
    expected = enumerate_loss(crf, rows, read_as) / 3
    assert crf.loss(rows, torch.tensor(labels), [3]).item() == pytest.approx(expected, abs=1e-5)


def test_without_weights_it_differs_from_cross_entropy_only_by_what_is_forbidden() -> None:
    crf, rows = LinearChainCrf(["O", "PER", "LOC"]), random_rows(5, 6)[:, :3].log_softmax(dim=-1)
    labels = torch.tensor([0, 1, 1, 2, UNKNOWN, 0])
    expected = torch.nn.functional.cross_entropy(rows, labels, ignore_index=UNKNOWN)
    assert crf.loss(rows, labels, [4, 0, 2]).item() == pytest.approx(expected.item(), abs=1e-6)


def test_words_without_a_label_teach_nothing() -> None:
    crf, rows = random_crf(6), random_rows(7, 5).requires_grad_()
    loss = crf.loss(rows, torch.full((5,), UNKNOWN), [2, 3])
    torch.autograd.backward(loss)
    assert loss.item() == 0.0
    assert rows.grad is not None
    assert torch.allclose(rows.grad, torch.zeros(()), atol=1e-6)


def test_chains_that_do_not_tile_the_rows_are_an_error() -> None:
    with pytest.raises(ValueError, match="chains of 4 words for 5 rows"):
        LinearChainCrf(LABELS).loss(random_rows(8, 5), torch.zeros(5, dtype=torch.long), [4])


def test_rows_of_low_precision_are_summed_in_full_precision() -> None:
    crf, rows, labels = (
        random_crf(9),
        random_rows(10, 40).bfloat16(),
        torch.tensor([OUT, B_PER, I_PER, OUT] * 10),
    )
    loss = crf.loss(rows, labels, [40])
    assert loss.dtype == torch.float32
    assert loss.item() == crf.loss(rows.float(), labels, [40]).item()


def test_what_was_learned_decodes_and_what_is_forbidden_stays_so(tmp_path: Path) -> None:
    """`PER` has two words, `LOC` one: the rows say where an entity begins, only its neighbours how it goes on."""
    random = np.random.default_rng(11)
    gold: list[int] = []
    lengths = []
    for _ in range(40):
        words = [OUT]
        for kind in random.integers(0, 2, size=3):
            words += [[B_PER, I_PER], [B_LOC]][kind] + [OUT]
        lengths.append(len(words))
        gold += words
    labels = torch.tensor(gold)
    logits = torch.zeros(len(gold), len(LABELS))
    logits[torch.arange(len(gold)), labels] = 4.0
    logits[labels == I_PER] = torch.tensor([1.2, 0.0, 1.0, 0.0, 1.1])
    rows = logits.log_softmax(dim=-1)
    crf = LinearChainCrf(LABELS)
    optimizer = torch.optim.Adam(crf.parameters(), lr=0.1)
    before = crf.loss(rows, labels, lengths).item()
    for _ in range(30):
        optimizer.zero_grad()
        loss = crf.loss(rows, labels, lengths)
        torch.autograd.backward(loss)
        assert all(w.grad is not None and w.grad.isfinite().all() for w in crf.parameters())
        optimizer.step()
    assert loss.item() < before / 2

    crf.save(tmp_path)
    learned = Transitions.read(tmp_path, LabelSet(LABELS))
    legal = Transitions.legal(LabelSet(LABELS))
    assert ((learned.moves == ILLEGAL) == (legal.moves == ILLEGAL)).all()
    assert ((learned.starts == ILLEGAL) == (legal.starts == ILLEGAL)).all()
    sentences = np.cumsum([0, *lengths[:-1]])
    label_ids, _ = decode(rows.numpy(), sentences, learned)
    assert label_ids.tolist() == gold
    assert decode(rows.numpy(), sentences, None)[0].tolist() != gold
    assert decode(rows.numpy(), sentences, legal)[0].tolist() != gold
