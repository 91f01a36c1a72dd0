"""Words -> windows: runs of words that go through the model at once, as long as the checkpoint was trained with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from worker.recognition.sentences import SentenceStarts

#: One row a window, shape (n_windows, 4): words `[first, last)` that it holds, words `[own_first, own_last)` that it
#: labels. The owned ranges tile the document; outside them a window only gives context.
Windows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WindowPolicy:
    """How long a checkpoint's windows are.

    A model that was trained on single sentences loses seven points of F1 in windows of 320 words, so the length
    belongs to the checkpoint. Whole sentences are taken as long as they fit.
    """

    max_words: int  #: whole sentences up to this many words together; 0: one sentence a window
    max_pieces: int  #: subword pieces of one window, special pieces not counted

    def __post_init__(self) -> None:
        if self.max_words < 0 or self.max_pieces < 1:
            raise ValueError(f"no window fits into {self.max_words} words and {self.max_pieces} pieces")

    def as_dict(self) -> dict[str, Any]:
        """For the checkpoint's folder and for the database."""
        return asdict(self)


def cut_windows(n_pieces: npt.NDArray[np.int64], sentences: SentenceStarts, policy: WindowPolicy) -> Windows:
    """Cover every word by the window that labels it.

    Args:
        n_pieces: pieces of each word, shape (n_words,), each in `[1, policy.max_pieces]`.
        sentences: indices of the words that begin a sentence, the first 0.
        policy: the checkpoint's.

    Returns:
        Windows in document order. Windows overlap only inside a sentence that is longer than a window.
    """
    pieces_before = np.concatenate([[0], np.cumsum(n_pieces)])
    bounds = [*sentences.tolist(), len(n_pieces)]
    rows: list[tuple[int, int, int, int]] = []
    first = 0  # of the window that is being filled
    for start, end in pairwise(bounds):
        if first < start and not _fits(pieces_before, first, end, policy, is_one_sentence=False):
            rows.append((first, start, first, start))
            first = start
        if first == start and not _fits(pieces_before, start, end, policy, is_one_sentence=True):
            rows += _overlapping(pieces_before, start, end, policy)
            first = end
    if first < len(n_pieces):
        rows.append((first, len(n_pieces), first, len(n_pieces)))
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def _fits(
    pieces_before: npt.NDArray[np.int64],
    first: int,
    last: int,
    policy: WindowPolicy,
    *,
    is_one_sentence: bool,
) -> bool:
    if pieces_before[last] - pieces_before[first] > policy.max_pieces:
        return False
    if policy.max_words == 0:
        return is_one_sentence
    return last - first <= policy.max_words


#: Share of a window that it has in common with the next one, inside a sentence that is longer than a window.
OVERLAP = 0.25


def _overlapping(
    pieces_before: npt.NDArray[np.int64], start: int, end: int, policy: WindowPolicy
) -> list[tuple[int, int, int, int]]:
    """Windows over the words `[start, end)` of one long sentence, each word owned where it has most context.

    Words in the middle of an overlap are equally far from both edges, so ownership changes there: with windows
    [0, 8) and [6, 14) the overlap is [6, 8) and the first window labels [0, 7), the second [7, 14).
    """
    spans: list[tuple[int, int]] = []
    first = start
    while True:
        last = _reach(pieces_before, first, end, policy)
        spans.append((first, last))
        if last == end:
            break
        n_shared = int((last - first) * OVERLAP)
        first = max(first + 1, last - n_shared)
        while _reach(pieces_before, first, end, policy) == last:  # it would hold no word that is new
            first += 1
    middles = [(later[0] + earlier[1] + 1) // 2 for earlier, later in pairwise(spans)]
    owned = zip([start, *middles], [*middles, end], strict=True)
    return [(*span, *own) for span, own in zip(spans, owned, strict=True)]


def _reach(pieces_before: npt.NDArray[np.int64], first: int, end: int, policy: WindowPolicy) -> int:
    """The last word (exclusive) of the longest window that begins at `first`."""
    limit = pieces_before[first] + policy.max_pieces
    last = int(np.searchsorted(pieces_before, limit, side="right")) - 1
    if policy.max_words:
        last = min(last, first + policy.max_words)
    return min(last, end)
