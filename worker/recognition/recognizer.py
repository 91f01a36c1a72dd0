"""Texts -> entities: the whole flow, one line per step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from worker.errors import NerqError
from worker.recognition.alignment import WordRows
from worker.recognition.checkpoint import Checkpoint
from worker.recognition.decoding import decode
from worker.recognition.engine import Engine
from worker.recognition.engines import EngineKind, open_engine
from worker.recognition.entity import Recognition
from worker.recognition.pack_budget import PACK_PIECES, find_pack_pieces
from worker.recognition.packing import Pack, Packer
from worker.recognition.reading import Reading, join_readings, share_out
from worker.recognition.spans import join_entities

#: Words that are read together, at most, unless a sentence has more: what memory holds does not grow with a text.
_WORDS_AT_ONCE = 1 << 17


class Recognizer:
    """Finds the entities of texts with one checkpoint on one engine. Knows nothing of files, SQL or queues.

    Args:
        checkpoint: the opened model.
        engine: what runs its network.
        pack_pieces: pieces, padding included, that go through the engine together, at most (one window is always
            taken, however long).
    """

    def __init__(self, checkpoint: Checkpoint, engine: Engine, pack_pieces: int = PACK_PIECES) -> None:
        self.checkpoint = checkpoint
        self.engine = engine.name
        self.precision = engine.precision
        self._engine = engine
        self._packer = Packer(checkpoint.pieces.before, checkpoint.pieces.after, pack_pieces)

    def recognize(
        self, texts: Sequence[str], on_progress: Callable[[], None] | None = None
    ) -> list[Recognition]:
        """The entities of each text, in the order of the texts.

        Args:
            texts: any Unicode, of any length.
            on_progress: called after every pack, and now and then before the first.

        Raises:
            MemoryError: a single window does not fit into memory.
        """
        readings = [Reading.of_text(text, self.checkpoint, on_progress) for text in texts]
        return self.recognize_readings(readings, on_progress)

    def recognize_readings(
        self, readings: Sequence[Reading], on_progress: Callable[[], None] | None = None
    ) -> list[Recognition]:
        """The entities of texts whose words are known already."""
        found: list[list[Recognition]] = [[] for _ in readings]
        for group in share_out(readings, _WORDS_AT_ONCE):
            recognitions = self._recognize([part for _, part in group], on_progress or (lambda: None))
            for (number, _), recognition in zip(group, recognitions, strict=True):
                found[number].append(recognition)
        return [Recognition.join(parts) for parts in found]

    def _recognize(self, readings: Sequence[Reading], on_progress: Callable[[], None]) -> list[Recognition]:
        rows = self._predict(readings, on_progress)
        firsts = np.cumsum([0] + [len(reading.words) for reading in readings]).tolist()
        # All texts at once: to decode many sentences takes hardly longer than one.
        sentences = [reading.sentences + first for reading, first in zip(readings, firsts, strict=False)]
        label_ids, scores = decode(
            rows.rows, np.concatenate([np.zeros(0, np.int64), *sentences]), self.checkpoint.transitions
        )
        return [
            self._join(reading, label_ids[a:b], scores[a:b], rows.n_reads[a:b])
            for reading, a, b in zip(readings, firsts, firsts[1:], strict=False)
        ]

    def read_words(
        self, readings: Sequence[Reading], on_progress: Callable[[], None] | None = None
    ) -> npt.NDArray[np.float32]:
        """Log-probabilities of the readings' words, one reading after another, shape (n_words, n_labels)."""
        return self._predict(readings, on_progress or (lambda: None)).rows

    def _predict(self, readings: Sequence[Reading], on_progress: Callable[[], None]) -> WordRows:
        rows = WordRows(sum(len(reading.words) for reading in readings), len(self.checkpoint.labels))
        if len(rows.rows) == 0:
            return rows
        pieces, windows = join_readings(readings)
        for pack in self._packer.packs(pieces, windows):
            for part, log_probabilities in self._run(pack):
                rows.add(part, log_probabilities)
            on_progress()
        return rows

    def _run(self, pack: Pack) -> Iterator[tuple[Pack, npt.NDArray[np.float32]]]:
        """Run a pack, in halves where it does not fit into memory."""
        try:
            log_probabilities = self._engine.predict(pack)
        except MemoryError:
            if len(pack.lengths) == 1:
                raise
        else:
            yield pack, log_probabilities
            return
        for half in pack.halves():  # outside the handler, which would keep the failed pack in memory
            yield from self._run(half)

    def _join(
        self,
        reading: Reading,
        label_ids: npt.NDArray[np.int64],
        scores: npt.NDArray[np.float64],
        n_reads: npt.NDArray[np.int64],
    ) -> Recognition:
        n_words_read = int((n_reads == 1).sum())
        if n_words_read != len(reading.words):
            raise NerqError(
                f"{len(reading.words) - n_words_read} of {len(reading.words)} words were not read once"
            )
        entities = join_entities(
            reading.text, reading.words, reading.sentences, label_ids, scores, self.checkpoint.labels
        )
        n_pieces = int(np.diff(reading.pieces.starts[reading.windows[:, :2]], axis=1).sum())
        return Recognition(entities, len(reading.words), n_words_read, len(reading.windows), n_pieces)


def open_recognizer(
    checkpoint: Checkpoint,
    precision: str = "auto",
    threads: int | None = None,
    pack_pieces: int | None = None,
    device: str | None = None,
    engine: EngineKind = "auto",
) -> Recognizer:
    """Load the checkpoint's weights and make it ready to read.

    Args:
        checkpoint: the opened model.
        precision: `auto`, `fp32`, `bf16` or `fp16`.
        threads: CPU threads; None leaves the engine's own choice.
        pack_pieces: see Recognizer; None for what is fastest here (`find_pack_pieces`).
        device: `cpu`, `cuda`, or None for CUDA where there is one.
        engine: see `open_engine`.

    Raises:
        ModelError: the weights cannot be opened.
        SettingsError: the engine that was asked for cannot be had here.
    """
    opened = open_engine(checkpoint, engine, precision, threads, device)
    return Recognizer(checkpoint, opened, pack_pieces or find_pack_pieces(checkpoint, opened, threads))
