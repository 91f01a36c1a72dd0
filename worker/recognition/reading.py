"""A text prepared for a model: its words, sentences, pieces and windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from worker.recognition.checkpoint import Checkpoint
from worker.recognition.pieces import Pieces
from worker.recognition.sentences import SentenceStarts, split_sentences
from worker.recognition.windows import Windows, cut_windows
from worker.recognition.words import Offsets, split_words


@dataclass(frozen=True, slots=True)
class Reading:
    """One text as one model reads it."""

    text: str
    words: Offsets
    sentences: SentenceStarts
    pieces: Pieces
    windows: Windows

    @classmethod
    def of_text(
        cls, text: str, checkpoint: Checkpoint, on_progress: Callable[[], None] | None = None
    ) -> Reading:
        """Words by the checkpoint's word rule, sentences by the splitter; tells of progress on a long text."""
        on_progress = on_progress or (lambda: None)
        words = split_words(text, checkpoint.word_rule)
        on_progress()
        sentences = split_sentences(text, words)
        on_progress()
        return cls.of_words(text, words, sentences, checkpoint, on_progress)

    @classmethod
    def of_words(
        cls,
        text: str,
        words: Offsets,
        sentences: SentenceStarts,
        checkpoint: Checkpoint,
        on_progress: Callable[[], None] | None = None,
    ) -> Reading:
        """Words and sentences as given, for labelled data that comes in words."""
        parts = [words[i : i + _WORDS_AT_ONCE] for i in range(0, len(words), _WORDS_AT_ONCE)]
        cut = [checkpoint.pieces.cut(_texts(text, part), on_progress) for part in parts]
        pieces = cut[0] if len(cut) == 1 else Pieces.join(cut)
        windows = cut_windows(pieces.n_of_words, sentences, checkpoint.window)
        return cls(text, words, sentences, pieces, windows)

    def parts(self, max_words: int) -> Iterator[Reading]:
        """The text in parts of whole sentences and windows: up to `max_words` words, or a sentence that has more.

        What is found in the parts is what is found in the whole: words, sentences and windows are the same.
        """
        if len(self.words) <= max_words:
            yield self
            return
        begins = np.flatnonzero(
            np.isin(self.windows[:, 2], self.sentences)
        )  # windows that a part may begin with
        bounds = np.append(self.windows[begins, 2], len(self.words))
        begins = np.append(begins, len(self.windows))
        first = 0
        while first < len(begins) - 1:
            last = int(np.searchsorted(bounds, bounds[first] + max_words, side="right")) - 1
            last = max(last, first + 1)
            yield self._part(int(begins[first]), int(begins[last]))
            first = last

    def _part(self, first: int, last: int) -> Reading:
        """The windows `[first, last)`, which begin and end with sentences."""
        a, b = int(self.windows[first, 2]), int(self.windows[last - 1, 3])
        sentences = self.sentences[(self.sentences >= a) & (self.sentences < b)]
        windows = self.windows[first:last] - a
        return Reading(self.text, self.words[a:b], sentences - a, self.pieces.part(a, b), windows)


#: Words that are strings at a time: of a long text they would take many times as much memory as it.
_WORDS_AT_ONCE = 1 << 16


def _texts(text: str, words: Offsets) -> list[str]:
    return list(map(text.__getitem__, map(slice, words[:, 0].tolist(), words[:, 1].tolist())))


def share_out(readings: Sequence[Reading], max_words: int) -> Iterator[list[tuple[int, Reading]]]:
    """Groups of up to `max_words` words, in order; each text, or part of one, with its number among the readings."""
    group: list[tuple[int, Reading]] = []
    n_words = 0
    for number, reading in enumerate(readings):
        for part in reading.parts(max_words):
            if group and n_words + len(part.words) > max_words:
                yield group
                group, n_words = [], 0
            group.append((number, part))
            n_words += len(part.words)
    if group:
        yield group


def join_readings(readings: Sequence[Reading]) -> tuple[Pieces, Windows]:
    """The pieces and windows of several readings as if they were one text, words numbered through."""
    n_words = np.cumsum([0] + [len(reading.words) for reading in readings])
    windows = [reading.windows + shift for reading, shift in zip(readings, n_words, strict=False)]
    return Pieces.join([reading.pieces for reading in readings]), np.concatenate(windows)
