"""The loss of a batch's words, and the weights of labels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from training.data import IGNORED, LabelledDocument
from training.objective import Objective, read_class_weights
from worker.errors import SettingsError

LABELS = ["O", "B-X", "I-X"]


def _batch(labels: list[int], teacher: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
    """One window, one piece a word."""
    n = len(labels)
    batch = {
        "word_rows": torch.zeros(n, dtype=torch.long),
        "word_columns": torch.arange(n),
        "word_labels": torch.tensor(labels),
        "chain_lengths": torch.tensor([n]),
    }
    return batch if teacher is None else {**batch, "teacher": teacher}


def _documents(label_ids: list[int]) -> list[LabelledDocument]:
    return [LabelledDocument("", np.zeros((0, 2), int), np.zeros(0, int), np.array(label_ids), (), 0)]


def test_words_whose_label_is_unknown_do_not_count() -> None:
    logits = torch.tensor([[[0.0, 0.0, 0.0], [9.0, -9.0, 0.0]]])
    assert float(Objective()(logits, _batch([1, IGNORED]))) == pytest.approx(math.log(3))


def test_a_weighted_label_counts_for_more() -> None:
    logits = torch.tensor([[[2.0, 0.0, 0.0], [2.0, 0.0, 0.0]]])
    plain = Objective()(logits, _batch([0, 1]))
    weighted = Objective(torch.tensor([1.0, 3.0, 1.0]))(logits, _batch([0, 1]))
    right, wrong = (-torch.log_softmax(logits[0, 0], -1)[i] for i in (0, 1))
    assert float(plain) == pytest.approx(float((right + wrong) / 2))
    assert float(weighted) == pytest.approx(float((right + 3 * wrong) / 4))


def test_who_agrees_with_the_teacher_has_nothing_to_learn_from_it() -> None:
    logits = torch.randn(1, 4, 3)
    rows = logits[0].log_softmax(-1)
    objective = Objective(teacher_weight=1.0, temperature=2.0)
    assert float(objective(logits, _batch([0, 1, 2, IGNORED], rows))) == pytest.approx(0, abs=1e-6)
    assert float(objective(logits, _batch([0, 1, 2, IGNORED], rows.flip(1)))) > 0.01


def test_unlabelled_words_learn_from_the_teacher_alone() -> None:
    logits = torch.randn(1, 2, 3, requires_grad=True)
    teacher = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]).log()
    loss = Objective(teacher_weight=0.25)(logits, _batch([IGNORED, IGNORED], teacher))
    kl = (teacher.exp() * (teacher - logits[0].log_softmax(-1))).sum(-1).mean()
    assert loss.item() == pytest.approx(kl.item())
    loss.backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_labels_and_teacher_are_mixed_by_weight() -> None:
    logits = torch.randn(1, 2, 3)
    teacher = torch.randn(2, 3).log_softmax(-1)
    batch = _batch([0, 1], teacher)
    hard = Objective()(logits, _batch([0, 1]))
    soft = Objective(teacher_weight=1.0)(logits, batch)
    mixed = Objective(teacher_weight=0.25)(logits, batch)
    assert float(mixed) == pytest.approx(float(0.75 * hard + 0.25 * soft))


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    class_weight: Any = pytest.importorskip("sklearn.utils.class_weight")

    label_ids = [0] * 8 + [1, 1, 2]
    weights = read_class_weights("balanced", _documents([*label_ids, IGNORED]), LABELS)
    expected = class_weight.compute_class_weight("balanced", classes=np.arange(3), y=np.array(label_ids))
    assert weights is not None
    assert weights.tolist() == pytest.approx(expected.tolist())


def test_given_weights_leave_the_others_alone() -> None:
    weights = read_class_weights("B-X=2.5, I-X=0.5", [], LABELS)
    assert weights is not None
    assert weights.tolist() == [1.0, 2.5, 0.5]
    assert read_class_weights(None, [], LABELS) is None


@pytest.mark.parametrize("text", ["B-Y=2", "B-X", "B-X=0", "B-X=inf", "B-X=nan", "B-X=-1", "balancd", ""])
def test_impossible_weights_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="class weight"):
        read_class_weights(text, [], LABELS)
