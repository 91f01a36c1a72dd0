"""A model reads gold's documents itself: in gold's own words, or as it would read any text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from training.data import LabelledDocument, label_words
from training.findings import Finding, Findings
from training.gold import Gold
from worker.recognition import Checkpoint, Recognizer
from worker.recognition.engine import Engine
from worker.recognition.engines import EngineKind, open_engine
from worker.recognition.pack_budget import find_pack_pieces
from worker.recognition.packing import Pack
from worker.recognition.reading import Reading
from worker.recognition.windows import WindowPolicy

#: Bounds of what is read together.
_CHARS_AT_ONCE = 200_000
_DOCUMENTS_AT_ONCE = 64

#: Called after each pack with the characters that have been read since the last call.
OnRead = Callable[[float], None]


class GoldReader:
    """Reads gold with one checkpoint, once or in several windows; the network is loaded once.

    Args:
        checkpoint: the opened model, with the decoding that is asked for.
        gold: what it reads.
        is_raw: take words and sentences from the text by the model's own rules; else gold's own where it has them.
        precision: see `open_recognizer`, as are threads and pack_pieces.
        threads: CPU threads; None leaves the engine's own choice.
        engine: see `open_engine`.

    Raises:
        ModelError: the weights cannot be opened.
        SettingsError: the engine that was asked for cannot be had here.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        gold: Gold,
        *,
        is_raw: bool = False,
        precision: str = "auto",
        threads: int | None = None,
        pack_pieces: int | None = None,
        engine: EngineKind = "auto",
    ) -> None:
        self._checkpoint = checkpoint
        self._gold = gold
        self._is_raw = is_raw
        self._engine = open_engine(checkpoint, engine, precision, threads)
        self._pack_pieces = pack_pieces or find_pack_pieces(checkpoint, self._engine, threads)
        self.engine = self._engine.name
        self.precision = self._engine.precision

    def read(self, window: WindowPolicy | None = None, on_read: OnRead | None = None) -> Findings:
        """What the model finds in every document of gold, in its own windows or in others."""
        checkpoint = replace(self._checkpoint, window=window) if window else self._checkpoint
        engine = _WatchedEngine(self._engine)
        recognizer = Recognizer(checkpoint, engine, self._pack_pieces)
        found: dict[int, tuple[Finding, ...]] = {}
        for numbers in self._portions():
            readings = [self._reading(number, checkpoint) for number in numbers]
            if on_read:
                engine.on_words = _in_characters(on_read, readings)
            for number, one in zip(numbers, recognizer.recognize_readings(readings), strict=True):
                found[number] = tuple(Finding(e.start, e.end, e.label, e.score) for e in one.entities)
        return Findings(found)

    def _portions(self) -> Iterator[list[int]]:
        """Numbers of documents to read together; a longer one stands alone."""
        portion: list[int] = []
        n_chars = 0
        for number, document in enumerate(self._gold.documents):
            if portion and (
                len(portion) == _DOCUMENTS_AT_ONCE or n_chars + len(document.text) > _CHARS_AT_ONCE
            ):
                yield portion
                portion, n_chars = [], 0
            portion.append(number)
            n_chars += len(document.text)
        if portion:
            yield portion

    def _reading(self, number: int, checkpoint: Checkpoint) -> Reading:
        if self._is_raw:
            return Reading.of_text(self._gold.documents[number].text, checkpoint)
        document = self._in_words[number]
        return Reading.of_words(document.text, document.words, document.sentences, checkpoint)

    @cached_property
    def _in_words(self) -> Sequence[LabelledDocument]:
        """Gold's documents in their own words, or in those of the model's rule where gold has none."""
        names = self._checkpoint.labels.names
        return [label_words(document, self._checkpoint.word_rule, names) for document in self._gold.documents]


class _WatchedEngine:
    """An engine that tells after each pack how many words have been read."""

    def __init__(self, engine: Engine) -> None:
        self.name = engine.name
        self.precision = engine.precision
        self.on_words: Callable[[int], None] = lambda _n: None
        self._engine = engine

    def predict(self, pack: Pack) -> npt.NDArray[np.float32]:
        rows = self._engine.predict(pack)
        self.on_words(int(pack.word_is_owned.sum()))
        return rows


def _in_characters(on_read: OnRead, readings: Sequence[Reading]) -> Callable[[int], None]:
    """Called with words of these readings, it tells their share of the characters."""
    n_words = sum(len(reading.words) for reading in readings)
    n_chars = sum(len(reading.text) for reading in readings)
    return lambda n: on_read(n * n_chars / n_words)
