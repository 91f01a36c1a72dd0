"""Every epoch's documents, cut into windows of mixed lengths and grouped by size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from training.data import IGNORED, LabelledDocument
from worker.recognition.pieces import Pieces, WordPieces
from worker.recognition.windows import WindowPolicy, cut_windows

Batch = dict[str, torch.Tensor]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Example:
    """One window: its piece ids and, at each word's first piece, the word's label."""

    piece_ids: _Ints  #: shape (n_pieces,), special pieces included
    label_ids: _Ints  #: shape (n_pieces,), IGNORED but at first pieces


class MixedWindows(Dataset[Batch]):
    """Whole sentences in windows of lengths drawn anew in every epoch, from one sentence to `max_words`.

    A model that has seen all lengths reads all lengths well. An item is a batch. Every epoch has the same number of
    batches of about `batch_pieces` pieces each, made of windows of similar length, in random order; it depends on
    the seed and the epoch alone.

    Attributes:
        epoch: the epoch whose batches are given; set it before iterating.
    """

    def __init__(
        self,
        documents: Sequence[LabelledDocument],
        pieces: WordPieces,
        policy: WindowPolicy,
        batch_pieces: int,
        seed: int,
    ) -> None:
        self._documents = documents
        self._pieces = [pieces.cut([d.text[start:end] for start, end in d.words.tolist()]) for d in documents]
        self._before, self._after = np.array(pieces.before, int), np.array(pieces.after, int)
        self._policy = policy
        self._seed = seed
        total = sum(len(p.ids) for p in self._pieces)
        self._n_batches = max(1, round(total / batch_pieces))
        self._drawn: tuple[int, list[list[_Example]]] | None = None
        self.epoch = 0

    def __len__(self) -> int:
        return self._n_batches

    def __getitem__(self, index: int) -> Batch:
        if self._drawn is None or self._drawn[0] != self.epoch:
            self._drawn = (self.epoch, self._draw_epoch())
        return _pad(self._drawn[1][index])

    def _draw_epoch(self) -> list[list[_Example]]:
        random = np.random.default_rng([self._seed, self.epoch])
        examples = [
            example
            for document, pieces in zip(self._documents, self._pieces, strict=True)
            for example in self._cut(document, pieces, random)
        ]
        # Sorting by length with a little noise keeps padding low and the groups different in every epoch.
        lengths = np.array([len(example.piece_ids) for example in examples])
        order = np.argsort(lengths * random.uniform(0.9, 1.1, len(lengths)), kind="stable")
        share = np.cumsum(lengths[order]) / lengths.sum()
        group_of = np.minimum((share * self._n_batches).astype(int), self._n_batches - 1)
        groups: list[list[_Example]] = [[] for _ in range(self._n_batches)]
        for group, index in zip(group_of, order, strict=True):
            groups[group].append(examples[index])
        filled = [group for group in groups if group]
        # With few long windows a group may stay empty; another takes its turn, so that every epoch is as long.
        filled += [filled[i] for i in random.integers(0, len(filled), self._n_batches - len(filled))]
        return [filled[i] for i in random.permutation(self._n_batches)]

    def _cut(self, document: LabelledDocument, pieces: Pieces, random: np.random.Generator) -> list[_Example]:
        examples = []
        for first, last in self._draw_stretches(document, random):
            stretch = pieces.starts[first : last + 1]
            windows = cut_windows(
                np.diff(stretch), np.zeros(1, int), WindowPolicy(0, self._policy.max_pieces)
            )
            examples += [self._example(document, pieces, first, window) for window in windows]
        # A batch of windows without a label to learn would have no loss.
        return [example for example in examples if (example.label_ids != IGNORED).any()]

    def _draw_stretches(
        self, document: LabelledDocument, random: np.random.Generator
    ) -> list[tuple[int, int]]:
        """Words `[first, last)` of consecutive whole sentences, each stretch as long as a length drawn for it."""
        bounds = [*document.sentences.tolist(), len(document.words)]
        stretches = []
        i = 0
        while i < len(bounds) - 1:
            limit = self._draw_length(random)
            j = i + 1
            while j < len(bounds) - 1 and bounds[j + 1] - bounds[i] <= limit:
                j += 1
            stretches.append((bounds[i], bounds[j]))
            i = j
        return stretches

    def _draw_length(self, random: np.random.Generator) -> int:
        """Words of the next window: a quarter of them single sentences, the others uniform."""
        if self._policy.max_words == 0 or random.random() < 0.25:
            return 0
        return int(random.integers(1, self._policy.max_words, endpoint=True))

    def _example(self, document: LabelledDocument, pieces: Pieces, shift: int, window: _Ints) -> _Example:
        first, last, own_first, own_last = (window + shift).tolist()
        inner = pieces.ids[pieces.starts[first] : pieces.starts[last]]
        piece_ids = np.concatenate([self._before, inner, self._after])
        label_ids = np.full(len(piece_ids), IGNORED)
        columns = pieces.starts[own_first:own_last] - pieces.starts[first] + len(self._before)
        label_ids[columns] = document.label_ids[own_first:own_last]
        return _Example(piece_ids, label_ids)


def _pad(examples: Sequence[_Example]) -> Batch:
    """Tensors of shape (n_windows, n_pieces)."""
    shape = (len(examples), max(len(example.piece_ids) for example in examples))
    batch = {
        "input_ids": torch.zeros(shape, dtype=torch.long),
        "attention_mask": torch.zeros(shape, dtype=torch.long),
        "labels": torch.full(shape, IGNORED, dtype=torch.long),
    }
    for row, example in enumerate(examples):
        n = len(example.piece_ids)
        batch["input_ids"][row, :n] = torch.from_numpy(example.piece_ids)
        batch["attention_mask"][row, :n] = 1
        batch["labels"][row, :n] = torch.from_numpy(example.label_ids)
    return batch
