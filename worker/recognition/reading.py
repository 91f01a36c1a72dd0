"""A text prepared for a model: its words, sentences, pieces and windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        pieces = checkpoint.pieces.cut([text[start:end] for start, end in words.tolist()], on_progress)
        windows = cut_windows(pieces.n_of_words, sentences, checkpoint.window)
        return cls(text, words, sentences, pieces, windows)


def join_readings(readings: Sequence[Reading]) -> tuple[Pieces, Windows]:
    """The pieces and windows of several readings as if they were one text, words numbered through."""
    n_words = np.cumsum([0] + [len(reading.words) for reading in readings])
    n_pieces = np.cumsum([0] + [len(reading.pieces.ids) for reading in readings])
    ids = np.concatenate([reading.pieces.ids for reading in readings])
    starts = [reading.pieces.starts[:-1] + shift for reading, shift in zip(readings, n_pieces, strict=False)]
    windows = [reading.windows + shift for reading, shift in zip(readings, n_words, strict=False)]
    return Pieces(ids, np.concatenate([*starts, n_pieces[-1:]])), np.concatenate(windows)
