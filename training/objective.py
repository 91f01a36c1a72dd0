"""What training minimises: the loss of a batch's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.nn.functional import cross_entropy, log_softmax

from training.crf import LinearChainCrf
from training.data import IGNORED, LabelledDocument
from worker.errors import SettingsError


class Objective(torch.nn.Module):
    """Cross-entropy or a CRF's likelihood against the labels, mixed with a teacher's probabilities where there are any.

    Args:
        class_weights: shape (n_labels,), of the cross-entropy; None: all 1.
        crf: its negative log-likelihood takes the place of the cross-entropy.
        teacher_weight: share of the teacher in the loss of a labelled word; an unlabelled word has the teacher alone.
        temperature: softens both sides; the loss is multiplied by its square, so that gradients keep their size
            (Hinton, Vinyals, Dean 2015).
    """

    def __init__(
        self,
        class_weights: torch.Tensor | None = None,
        crf: LinearChainCrf | None = None,
        teacher_weight: float = 0.0,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        self._weights = class_weights
        self._crf = crf
        self._teacher_weight = teacher_weight
        self._temperature = temperature

    def forward(self, logits: torch.Tensor, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The mean loss of a word.

        Args:
            logits: shape (n_windows, n_pieces, n_labels).
            batch: see `training.batches`.
        """
        rows = logits[batch["word_rows"], batch["word_columns"]].float()  # (n_words, n_labels)
        labels = batch["word_labels"]
        n_labelled = (labels != IGNORED).sum()
        loss = self._against_labels(rows, labels, batch["chain_lengths"].tolist())
        if "teacher" not in batch:
            return loss
        soft = self._against_teacher(rows, batch["teacher"])  # (n_words,)
        share = torch.where(labels != IGNORED, self._teacher_weight, 1.0)
        hard = loss * n_labelled if n_labelled else rows.sum() * 0.0
        return ((1 - self._teacher_weight) * hard + (share * soft).sum()) / len(labels)

    def _against_labels(
        self, rows: torch.Tensor, labels: torch.Tensor, chain_lengths: list[int]
    ) -> torch.Tensor:
        if self._crf is not None:
            return self._crf.loss(log_softmax(rows, dim=-1), labels, chain_lengths)
        weights = None if self._weights is None else self._weights.to(rows.device)
        return cross_entropy(rows, labels, weight=weights, ignore_index=IGNORED)

    def _against_teacher(self, rows: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
        """Kullback-Leibler divergence of each word, shape (n_words,), at the temperature."""
        t = self._temperature
        target = log_softmax(teacher.float() / t, dim=-1)
        return (target.exp() * (target - log_softmax(rows / t, dim=-1))).sum(dim=-1) * t * t


def read_class_weights(
    text: str | None, documents: Sequence[LabelledDocument], labels: Sequence[str]
) -> torch.Tensor | None:
    """Weights in the order of the labels, shape (n_labels,); see `TrainOptions.class_weights`.

    `balanced` is n_words / (n_labels * n_words_of_label), as scikit-learn has it; given weights leave others at 1.

    Raises:
        SettingsError: a label is unknown, or a weight is no positive number.
    """
    if text is None:
        return None
    if text == "balanced":
        counts = torch.zeros(len(labels))
        for document in documents:
            known = document.label_ids[document.label_ids != IGNORED]
            counts += torch.bincount(torch.from_numpy(known), minlength=len(labels))
        return counts.sum() / (len(labels) * counts.clamp(min=1))
    weights = torch.ones(len(labels))
    for part in text.split(","):
        label, _, value = part.partition("=")
        if label.strip() not in labels:
            raise SettingsError(
                f"class weight {part!r}: there is no such label; known are {', '.join(labels)}"
            )
        try:
            weight = float(value)
        except ValueError:
            weight = 0.0
        if not 0 < weight < float("inf"):
            raise SettingsError(f"class weight {part!r}: a weight is a number above 0, as in B-PER=2.5")
        weights[list(labels).index(label.strip())] = weight
    return weights
