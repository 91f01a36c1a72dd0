"""Order windows by length and group them into packs under a piece budget, so that little padding is computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from worker.recognition.pieces import Pieces
from worker.recognition.windows import Windows

_Ints = npt.NDArray[np.int64]

#: What a pack costs beside its pieces, as a share of the largest: launching it, and kernels for shapes not seen before.
_PACK_COST = 1 / 32


@dataclass(frozen=True, slots=True)
class Pack:
    """The windows that go through the engine together, padded to the longest."""

    piece_ids: _Ints  #: shape (n_windows, n_pieces), special pieces included, padded with 0
    lengths: _Ints  #: real pieces of each row, shape (n_windows,)
    word_rows: _Ints  #: row of each word's first piece, window by window, shape (n_words,)
    word_columns: _Ints  #: column of each word's first piece, shape (n_words,)
    word_ids: _Ints  #: index of each word among all words that were packed, shape (n_words,)
    word_is_owned: npt.NDArray[np.bool_]  #: whether its window labels the word, shape (n_words,)

    def halves(self) -> tuple[Pack, Pack]:
        """Two packs of half as many windows each; asked of a pack of at least two windows."""
        middle = len(self.lengths) // 2
        return self._part(0, middle), self._part(middle, len(self.lengths))

    def _part(self, first: int, last: int) -> Pack:
        words = (self.word_rows >= first) & (self.word_rows < last)
        lengths = self.lengths[first:last]
        return Pack(
            self.piece_ids[first:last, : lengths.max()],
            lengths,
            self.word_rows[words] - first,
            self.word_columns[words],
            self.word_ids[words],
            self.word_is_owned[words],
        )


def cheapest_bounds(lengths: _Ints, pack_pieces: int, pack_cost: int) -> list[int]:
    """Where to cut windows, longest first, into packs that together cost least.

    Args:
        lengths: pieces of each window, falling.
        pack_pieces: padded pieces of a pack, at most; a longer window is a pack of its own.
        pack_cost: what a pack costs beside its padded pieces, in pieces.

    Returns:
        0, the end of each pack, in order.
    """
    costs = np.zeros(len(lengths) + 1, dtype=np.int64)  # of the first i windows
    begins = np.zeros(len(lengths) + 1, dtype=np.int64)  # of the last pack of the first i windows
    first = 0
    for end in range(1, len(lengths) + 1):
        while first < end - 1 and lengths[first] * (end - first) > pack_pieces:
            first += 1  # what does not fit with this end fits with no later one
        totals = costs[first:end] + lengths[first:end] * np.arange(end - first, 0, -1)
        begins[end] = first + totals.argmin()
        costs[end] = totals.min() + pack_cost
    bounds = [len(lengths)]
    while bounds[-1] > 0:
        bounds.append(int(begins[bounds[-1]]))
    return bounds[::-1]


@dataclass(frozen=True, slots=True)
class Packer:
    """Makes packs. `before` and `after` are the special pieces around a window, `pack_pieces` the padded budget."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    pack_pieces: int

    def packs(self, pieces: Pieces, windows: Windows) -> Iterator[Pack]:
        """Every window in exactly one pack; the longest come first, so that too large a budget fails at once."""
        firsts, lasts = pieces.starts[windows[:, 0]], pieces.starts[windows[:, 1]]
        lengths = lasts - firsts + len(self.before) + len(self.after)
        for group in self._groups(lengths):
            yield self._pack(pieces, windows[group], lengths[group])

    def _groups(self, lengths: _Ints) -> Iterator[_Ints]:
        order = np.argsort(-lengths, kind="stable")
        bounds = cheapest_bounds(lengths[order], self.pack_pieces, max(1, int(self.pack_pieces * _PACK_COST)))
        for first, last in pairwise(bounds):
            yield order[first:last]

    def _pack(self, pieces: Pieces, windows: Windows, lengths: _Ints) -> Pack:
        ids = np.zeros((len(windows), int(lengths.max())), dtype=np.int64)
        columns = []
        for row, (first, last) in zip(ids, windows[:, :2].tolist(), strict=True):
            inner = pieces.ids[pieces.starts[first] : pieces.starts[last]]
            content = np.concatenate([self.before, inner, self.after])
            row[: len(content)] = content
            columns.append(pieces.starts[first:last] - pieces.starts[first] + len(self.before))
        n_words = windows[:, 1] - windows[:, 0]
        word_rows = np.repeat(np.arange(len(windows)), n_words)
        word_ids = np.concatenate([np.arange(first, last) for first, last in windows[:, :2].tolist()])
        owned = (word_ids >= windows[word_rows, 2]) & (word_ids < windows[word_rows, 3])
        return Pack(ids, lengths, word_rows, np.concatenate(columns), word_ids, owned)
