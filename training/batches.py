"""Every epoch's documents, cut into windows of mixed lengths and grouped by size.

A batch holds windows, `input_ids` and `attention_mask` of shape (n_windows, n_pieces), and the words that they teach:
`word_rows` and `word_columns` (where a word's first piece is), `word_labels` (IGNORED where unknown), all of shape
(n_words,), `chain_lengths` (n_chains,) (the words of each sentence, in order), and with a teacher `teacher`,
its log-probabilities, (n_words, n_labels).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from training.data import IGNORED, LabelledDocument
from training.options import Context
from worker.recognition.pieces import Pieces, WordPieces
from worker.recognition.windows import WindowPolicy, cut_windows

Batch = dict[str, torch.Tensor]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A document to learn from: by its labels, by a teacher's probabilities, or by both."""

    document: LabelledDocument  #: of unlabelled text every label is IGNORED
    teacher: npt.NDArray[np.float16] | None = None  #: log-probabilities, shape (n_words, n_labels)


@dataclass(frozen=True, slots=True)
class _Example:
    """One window: its piece ids, and the words that it teaches."""

    piece_ids: _Ints  #: shape (n_pieces,), special pieces included
    columns: _Ints  #: where each word's first piece is, shape (n_words,)
    label_ids: _Ints  #: shape (n_words,)
    chain_lengths: list[int]  #: words of each sentence
    teacher: npt.NDArray[np.float16] | None  #: shape (n_words, n_labels)


class MixedWindows(Dataset[Batch]):
    """Whole sentences in windows whose lengths are drawn anew in every epoch, from one sentence to `max_words`.

    A model that has seen all lengths reads all lengths well. An item is a batch. Every epoch has the same number of
    batches of about `batch_pieces` pieces each, made of windows of similar length, in random order; it depends on
    the seed and the epoch alone.

    Args:
        lessons: labelled documents, all of which are in every epoch.
        unlabelled: documents that only the teacher labels; epochs take turns through them.
        unlabelled_ratio: how many of their pieces are in one epoch, in pieces of the labelled ones.
        context: `document` gives every window `max_words`, but for the first of a document, whose length is drawn
            so that the windows of two epochs differ; `sentence` gives single sentences.
        sentence_share: of mixed lengths, about how many of the words stand in windows of one sentence, in [0, 1].

    Attributes:
        epoch: the epoch whose batches are given; set it before iterating.
    """

    def __init__(
        self,
        lessons: Sequence[Lesson],
        pieces: WordPieces,
        policy: WindowPolicy,
        batch_pieces: int,
        seed: int,
        context: Context = "mixed",
        unlabelled: Sequence[Lesson] = (),
        unlabelled_ratio: float = 0,
        sentence_share: float = 0.25,
    ) -> None:
        self._lessons = [*lessons, *unlabelled]
        self._n_labelled = len(lessons)
        self._pieces = [pieces.cut(_words_of(lesson.document)) for lesson in self._lessons]
        self._before, self._after = np.array(pieces.before, int), np.array(pieces.after, int)
        self._policy = policy
        self._seed = seed
        self._context = context
        share = 1.0 if context == "sentence" else sentence_share
        self._sentence_chance = _chance_of_sentence(share, self._lessons, policy.max_words)
        sizes = [len(p.ids) for p in self._pieces]
        n_labelled_pieces = sum(sizes[: len(lessons)])
        self._turns = _Turns(sizes[len(lessons) :], unlabelled_ratio * n_labelled_pieces, seed)
        self._n_batches = max(1, round((n_labelled_pieces + self._turns.budget) / batch_pieces))
        self._drawn: tuple[int, list[list[_Example]]] | None = None
        self.epoch = 0

    def __len__(self) -> int:
        return self._n_batches

    def __getitem__(self, index: int) -> Batch:
        if self._drawn is None or self._drawn[0] != self.epoch:
            self._drawn = (self.epoch, self._draw_epoch())
        return _collate(self._drawn[1][index])

    def _draw_epoch(self) -> list[list[_Example]]:
        random = np.random.default_rng([self._seed, self.epoch])
        chosen = [*range(self._n_labelled), *(self._n_labelled + i for i in self._turns.of(self.epoch))]
        examples = [example for i in chosen for example in self._cut(i, random)]
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

    def _cut(self, index: int, random: np.random.Generator) -> Iterator[_Example]:
        lesson, pieces = self._lessons[index], self._pieces[index]
        for first, last in self._draw_stretches(lesson.document, random):
            stretch = pieces.starts[first : last + 1]
            windows = cut_windows(
                np.diff(stretch), np.zeros(1, int), WindowPolicy(0, self._policy.max_pieces)
            )
            for window in windows:
                example = self._example(lesson, pieces, window + first)
                # A batch of windows that teach nothing would have no loss.
                if example.teacher is not None or (example.label_ids != IGNORED).any():
                    yield example

    def _draw_stretches(
        self, document: LabelledDocument, random: np.random.Generator
    ) -> list[tuple[int, int]]:
        """Words `[first, last)` of consecutive whole sentences, each stretch as long as a length drawn for it."""
        bounds = [*document.sentences.tolist(), len(document.words)]
        stretches = []
        i = 0
        while i < len(bounds) - 1:
            limit = self._draw_length(random, is_first=i == 0)
            j = i + 1
            while j < len(bounds) - 1 and bounds[j + 1] - bounds[i] <= limit:
                j += 1
            stretches.append((bounds[i], bounds[j]))
            i = j
        return stretches

    def _draw_length(self, random: np.random.Generator, *, is_first: bool) -> int:
        """Words of the next window; of mixed lengths some are single sentences, the others uniform."""
        if self._context == "document" and not is_first:
            return self._policy.max_words
        if self._policy.max_words == 0 or random.random() < self._sentence_chance:
            return 0
        return int(random.integers(1, self._policy.max_words, endpoint=True))

    def _example(self, lesson: Lesson, pieces: Pieces, window: _Ints) -> _Example:
        first, last, own_first, own_last = window.tolist()
        inner = pieces.ids[pieces.starts[first] : pieces.starts[last]]
        sentences = lesson.document.sentences
        inside = sentences[(sentences > own_first) & (sentences < own_last)]
        return _Example(
            piece_ids=np.concatenate([self._before, inner, self._after]),
            columns=pieces.starts[own_first:own_last] - pieces.starts[first] + len(self._before),
            label_ids=lesson.document.label_ids[own_first:own_last],
            chain_lengths=np.diff([own_first, *inside, own_last]).tolist(),
            teacher=None if lesson.teacher is None else lesson.teacher[own_first:own_last],
        )


class _Turns:
    """Which unlabelled documents are in which epoch: the next ones in a random order, over and over.

    Args:
        sizes: pieces of each document.
        budget: pieces of one epoch, at most what there is.
    """

    def __init__(self, sizes: Sequence[int], budget: float, seed: int) -> None:
        self._order = np.random.default_rng([seed, len(sizes)]).permutation(len(sizes))
        self._ends = np.cumsum(np.array(sizes, dtype=np.int64)[self._order])
        self._total = int(self._ends[-1]) if len(sizes) else 0
        self.budget = min(budget, self._total)

    def of(self, epoch: int) -> list[int]:
        if not self._total:
            return []
        starts = np.concatenate([[0], self._ends[:-1]])
        offset = starts - (epoch * self.budget) % self._total
        return [int(i) for i in self._order[offset % self._total < self.budget]]


def _chance_of_sentence(share: float, lessons: Sequence[Lesson], max_words: int) -> float:
    """How likely a window must be a single sentence for these to hold that share of the words."""
    n_words = sum(len(lesson.document.words) for lesson in lessons)
    n_sentences = sum(len(lesson.document.sentences) for lesson in lessons)
    longer = max(max_words / 2, n_words / max(1, n_sentences))  # words of another window, about
    weight = share * longer
    return weight / (weight + (1 - share) * n_words / max(1, n_sentences)) if weight else 0.0


def _words_of(document: LabelledDocument) -> list[str]:
    return [document.text[start:end] for start, end in document.words.tolist()]


def _collate(examples: Sequence[_Example]) -> Batch:
    """One batch; see the module."""
    shape = (len(examples), max(len(example.piece_ids) for example in examples))
    input_ids = torch.zeros(shape, dtype=torch.long)
    attention_mask = torch.zeros(shape, dtype=torch.long)
    for row, example in enumerate(examples):
        n = len(example.piece_ids)
        input_ids[row, :n] = torch.from_numpy(example.piece_ids)
        attention_mask[row, :n] = 1
    rows = np.repeat(np.arange(len(examples)), [len(example.columns) for example in examples])
    batch = {
        "input_ids": input_ids,
        "attention_mask": attention_mask,
        "word_rows": torch.from_numpy(rows),
        "word_columns": torch.from_numpy(np.concatenate([example.columns for example in examples])),
        "word_labels": torch.from_numpy(np.concatenate([example.label_ids for example in examples])),
        "chain_lengths": torch.tensor([n for example in examples for n in example.chain_lengths]),
    }
    taught = [example.teacher for example in examples if example.teacher is not None]
    if taught:
        batch["teacher"] = torch.from_numpy(np.concatenate(taught))
    return batch
