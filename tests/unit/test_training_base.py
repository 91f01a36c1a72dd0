"""Training starts from what the base knows: its labels go over by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.tiny import LABELS, make_tiny_checkpoint, make_tiny_family
from training.base import open_base
from worker.recognition import Checkpoint
from worker.recognition.engine_torch import load_network

IDS = torch.tensor([[2, 10, 11, 12, 3]])


@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        ("O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER", "B-MISC", "I-MISC"),  # another order
        ("O", "B-ORG", "I-ORG"),  # fewer
        ("O", "B-DRUG", "I-DRUG", "B-PER", "I-PER", *(f"{p}-X{i}" for i in range(4) for p in "BI")),  # others
    ],
)
def test_labels_that_the_base_knows_keep_their_meaning(tmp_path: Path, labels: tuple[str, ...]) -> None:
    folder = make_tiny_checkpoint(tmp_path / "base")
    before = load_network(Checkpoint.open(str(folder)), torch.float32).eval()(IDS).logits
    model, _ = open_base(str(folder), labels)
    after = model.eval()(IDS).logits
    assert after.shape[-1] == len(labels)
    for i, label in enumerate(labels):
        if label in LABELS:
            torch.testing.assert_close(after[..., i], before[..., LABELS.index(label)])


def test_a_base_with_labels_of_its_own_gets_a_fresh_head(tmp_path: Path) -> None:
    folder = make_tiny_checkpoint(tmp_path / "base")
    model, _ = open_base(str(folder), ("O", "B-DRUG", "I-DRUG"))
    assert model.config.label2id == {"O": 0, "B-DRUG": 1, "I-DRUG": 2}
    assert model(IDS).logits.shape == (1, 5, 3)


@pytest.mark.parametrize("family", ["roberta", "modernbert"])
def test_every_family_takes_its_labels_over(tmp_path: Path, family: str) -> None:
    folder = make_tiny_family(tmp_path / family, family)
    checkpoint = Checkpoint.open(str(folder))
    before = load_network(checkpoint, torch.float32).eval()(IDS).logits
    labels = tuple(reversed(checkpoint.labels.names))
    after = open_base(str(folder), labels)[0].eval()(IDS).logits
    torch.testing.assert_close(after, before.flip(-1))


def test_other_labels_of_the_same_number_begin_fresh(tmp_path: Path) -> None:
    folder = make_tiny_checkpoint(tmp_path / "base")
    before = load_network(Checkpoint.open(str(folder)), torch.float32).eval()(IDS).logits
    labels = ("O", "B-PER", "I-PER", *(f"{prefix}-X{i}" for i in range(3) for prefix in "BI"))
    assert len(labels) == len(LABELS)
    after = open_base(str(folder), labels)[0].eval()(IDS).logits
    for i, label in enumerate(labels):
        is_same = torch.allclose(after[..., i], before[..., LABELS.index(label) if label in LABELS else i])
        assert is_same == (label in LABELS)
