"""The likeliest labels of whole sentences, and how likely each is among all that the sentence could have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from worker.recognition.sentences import SentenceStarts
from worker.recognition.transitions import Transitions

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

#: A label that is less likely than the likeliest of its word by more than this (in log) counts as by this. So to avoid
#: what is ILLEGAL is always worth its price, and the products of a few words' probabilities remain above 0.
_FLOOR = 200.0
#: Sentences that are decoded together hold at most about this many numbers in their largest array: what a cache holds.
_NUMBERS_AT_ONCE = 1 << 17
#: Words that are decoded together, at most, unless a sentence has more.
_WORDS_AT_ONCE = 1 << 17
#: Words of a sentence that are decoded as one chain, at most.
_MAX_WORDS = 4096


def decode_chains(
    log_probabilities: npt.NDArray[np.float32], sentences: SentenceStarts, transitions: Transitions
) -> tuple[_Ints, _Floats]:
    """The best sequence of labels of each sentence (Viterbi), and the probability of each label in it.

    The score of a sequence is the sum of its words' rows and of its transitions. The rows may be log-probabilities
    where a CRF was trained on logits, or the other way round: they differ by a constant of the word, which all
    sequences share.

    Args:
        log_probabilities: shape (n_words, n_labels).
        sentences: indices of the words that begin a sentence, ascending, the first is 0.
        transitions: what joins neighbours.

    Returns:
        Label ids, shape (n_words,), and their marginal probabilities (over all sequences of the sentence, by the
        forward-backward algorithm), shape (n_words,).
    """
    n_words, n_labels = log_probabilities.shape
    sentences = _shortened(sentences, log_probabilities, transitions)
    lengths = np.diff(sentences, append=n_words)
    n_at_once = max(1, _NUMBERS_AT_ONCE // n_labels**2)
    label_ids, scores = log_probabilities.argmax(axis=1), np.zeros(n_words)
    is_open = _leaves_doubt(log_probabilities, label_ids, sentences, transitions)
    for steps in _groups(sentences[is_open], lengths[is_open], n_at_once):
        label_ids[steps.words] = _viterbi(_rows(log_probabilities, steps), steps, transitions)
    for steps in _groups(sentences, lengths, n_at_once):
        rows = _rows(log_probabilities, steps)
        scores[steps.words] = _marginals(rows, label_ids[steps.words], steps, transitions)
    return label_ids, scores


def _shortened(
    sentences: SentenceStarts, log_probabilities: npt.NDArray[np.float32], transitions: Transitions
) -> SentenceStarts:
    """Starts of sentences that are not too long to be decoded: what has no full stops may have millions of words.

    A sentence is cut before the surest word of a stretch, of a label before which any word may stand as it may at
    the end. Were it as sure as can be, neither side would tell anything of the other.
    """
    n_words = len(log_probabilities)
    if len(sentences) == 0 or np.diff(sentences, append=n_words).max() <= _MAX_WORDS:
        return sentences
    fits = (transitions.moves == transitions.ends[:, None]).all(axis=0) & (transitions.starts == 0)
    labels = np.flatnonzero(fits) if fits.any() else np.arange(len(fits))
    starts: list[int] = []
    for start, end in pairwise([*sentences.tolist(), n_words]):
        starts.append(start)
        while end - starts[-1] > _MAX_WORDS:
            middle = starts[-1] + _MAX_WORDS // 2
            sureness = log_probabilities[middle : starts[-1] + _MAX_WORDS, labels].max(axis=1)
            starts.append(middle + int(sureness.argmax()))
    return np.array(starts, dtype=np.int64)


#: A label that is likelier than all others by more than this (in log) is the likeliest however sums are rounded.
_CLEARLY = 1e-6


def _leaves_doubt(
    log_probabilities: npt.NDArray[np.float32],
    label_ids: _Ints,
    sentences: SentenceStarts,
    transitions: Transitions,
) -> npt.NDArray[np.bool_]:
    """Of each sentence, whether the likeliest labels of its words may be another sequence than the best one.

    They are the best one where no sequence gains by its transitions and they lose nothing by theirs.
    """
    if len(sentences) == 0 or max(part.max() for part in _parts(transitions)) > 0:
        return np.ones(len(sentences), dtype=bool)
    best = np.take_along_axis(log_probabilities, label_ids[:, None], axis=1)
    loses = np.zeros(len(label_ids), dtype=bool)  # at the transition to this word, or at the end after it
    loses[1:] = transitions.moves[label_ids[:-1], label_ids[1:]] < 0
    loses[sentences] = transitions.starts[label_ids[sentences]] < 0
    lasts = np.append(sentences[1:], len(label_ids)) - 1
    loses[lasts] |= transitions.ends[label_ids[lasts]] < 0
    is_clear = (log_probabilities > best - _CLEARLY).sum(axis=1) == 1
    return np.logical_or.reduceat(loses | ~is_clear, sentences)


def _parts(transitions: Transitions) -> tuple[_Floats, _Floats, _Floats]:
    return transitions.starts, transitions.moves, transitions.ends


def _rows(log_probabilities: npt.NDArray[np.float32], steps: _Steps) -> _Floats:
    """The rows of the words of these steps, the likeliest label at 0."""
    rows = log_probabilities[steps.words].astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)
    return np.maximum(rows, -_FLOOR, out=rows)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The words of some sentences, the longest first: all first words, then all second ones, and so on.

    The sentences that have a word at a step are always the first so many of them.
    """

    words: _Ints  #: index of each word, shape (n_words,)
    bounds: list[int]  #: step i holds `words[bounds[i]:bounds[i + 1]]`

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.bounds, self.bounds[1:], strict=False)

    def backwards(self) -> Iterator[tuple[int, int]]:
        return zip(self.bounds[-2::-1], self.bounds[:0:-1], strict=True)


def _groups(firsts: _Ints, lengths: _Ints, n_at_once: int) -> Iterator[_Steps]:
    """Of sentences with these first words and lengths, so many at a time."""
    order = np.argsort(-lengths, kind="stable")
    words_before = np.concatenate([[0], np.cumsum(lengths[order])])
    first = 0
    while first < len(order):
        last = int(np.searchsorted(words_before, words_before[first] + _WORDS_AT_ONCE, side="right")) - 1
        last = min(max(last, first + 1), first + n_at_once)
        group = order[first:last]
        yield _steps(firsts[group], lengths[group])
        first = last


def _steps(firsts: _Ints, lengths: _Ints) -> _Steps:
    """Of sentences with these first words and lengths, the longest first."""
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    positions = np.arange(bounds[-1]) - np.repeat(bounds[:-1], lengths)  # of each word in its sentence
    by_position = np.argsort(positions, kind="stable")
    words = (np.repeat(firsts, lengths) + positions)[by_position]
    return _Steps(words, [0, *np.cumsum(np.bincount(positions)).tolist()])


def _viterbi(rows: _Floats, steps: _Steps, transitions: Transitions) -> _Ints:
    """The best label of each row."""
    n_labels = rows.shape[1]
    into = np.ascontiguousarray(transitions.moves.T)  # (label, label before it)
    before = np.zeros(rows.shape, np.int32)  # of each label, the label before it on the best way there
    totals = np.zeros((0, n_labels))
    found = np.zeros(len(rows), np.int64)
    for a, b in steps:
        if a == 0:
            totals = rows[a:b] + transitions.starts
        else:
            ways = totals[: b - a, None, :] + into  # (n, label, label before it)
            best = ways.argmax(axis=2)
            before[a:b] = best
            totals[: b - a] = np.take_along_axis(ways, best[:, :, None], axis=2)[:, :, 0] + rows[a:b]
        found[a:b] = (totals[: b - a] + transitions.ends).argmax(axis=1)
    # Back from the last words, whose labels are right already; of a sentence that goes on, the label is the one that
    # leads to the label found at its next step.
    after, end = 0, 0
    for a, b in steps.backwards():
        n_on = end - after
        ways_back = before[after:end]
        found[a : a + n_on] = ways_back[np.arange(n_on), found[after:end]]
        after, end = a, b
    return found


def _marginals(rows: _Floats, label_ids: _Ints, steps: _Steps, transitions: Transitions) -> _Floats:
    """The probability of `label_ids` at each row.

    Forward-backward on probabilities that are scaled at every word, which is as exact as on their logarithms and
    many times faster.
    """
    starts, moves, ends = (np.exp(part - part.max()) for part in _parts(transitions))
    words = np.exp(rows)
    forward = np.empty_like(words)
    before = 0
    for a, b in steps:
        reached = forward[before : before + b - a] @ moves if a else starts
        forward[a:b] = words[a:b] * reached
        forward[a:b] /= forward[a:b].sum(axis=1, keepdims=True)
        before = a
    scores = np.zeros(len(rows))
    backward = np.zeros((0, rows.shape[1]))
    for a, b in steps.backwards():
        now = np.tile(ends, (b - a, 1))  # of the sentences that end here; the others go on
        now[: len(backward)] = backward @ moves.T
        now /= now.sum(axis=1, keepdims=True)
        both = forward[a:b] * now
        chosen = np.take_along_axis(both, label_ids[a:b, None], axis=1)[:, 0]
        scores[a:b] = chosen / both.sum(axis=1)
        backward = now * words[a:b]
    return scores
