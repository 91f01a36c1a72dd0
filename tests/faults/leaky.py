"""A reader whose every failure quotes the document that it was reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.readers import CapitalsReader
from worker.queue.slots import Slot
from worker.recognition import Recognition
from worker.settings import Settings
from worker.store import ModelFacts


class LeakyReader(CapitalsReader):
    """Fails as a text tells it to, and tells the text to whoever hears of it."""

    def _read(self, text: str, n_texts: int, on_progress: Callable[[], None]) -> Recognition:
        if "@quote" in text:
            raise ValueError(f"cannot read {text!r}") from KeyError(text)
        if "@hoard" in text:
            raise MemoryError(text)
        if "@device" in text:
            raise RuntimeError(f"CUDA error: no kernel for {text}")
        found = super()._read(text, n_texts, on_progress)
        # Every entity twice: the database refuses the rows, and PostgreSQL's message quotes them.
        return replace(found, entities=found.entities * 2) if "@refused" in text else found


def open_leaky(model: ModelFacts, settings: Settings, slot: Slot) -> LeakyReader:
    return LeakyReader()
