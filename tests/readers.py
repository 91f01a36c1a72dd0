"""Readers in place of a model, where a test is about the queue: instant, and told by a text how to fail."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from worker.errors import ModelError
from worker.queue import child
from worker.queue.slots import Slot
from worker.recognition import Entity, Recognition
from worker.settings import Settings
from worker.store import ModelFacts

#: The model that `open_reader` stands for.
FACTS = ModelFacts(id="ab" * 32, name="capitals", path="/nowhere", labels=("O", "B-CAP", "I-CAP"))
#: The environment variable that names the folder of gates.
GATES = "READER_GATES"


class CapitalsReader:
    """Every capitalised word is an entity. What a text holds besides makes it misbehave."""

    engine = "capitals"
    precision = "fp32"

    def recognize(
        self, texts: Sequence[str], on_progress: Callable[[], None] | None = None
    ) -> list[Recognition]:
        return [self._read(text, len(texts), on_progress or (lambda: None)) for text in texts]

    def _read(self, text: str, n_texts: int, on_progress: Callable[[], None]) -> Recognition:
        if "@kill" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "@exit" in text:
            os._exit(0)
        if "@segfault" in text:
            ctypes.string_at(0)
        if "@greedy" in text:
            bytearray(1 << 40)  # more than the test lets it have
        if "@memory" in text or ("@crowded" in text and n_texts > 2):
            raise MemoryError
        if "@cuda" in text:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        if "@bug" in text:
            raise KeyError(text)
        if "@stuck" in text:
            threading.Event().wait()
        if "@wait" in text:
            wait_at_gate(on_progress)
        on_progress()
        found = [Entity(m.start(), m.end(), "CAP", m[0], 1.0) for m in re.finditer(r"\b[A-Z]\w+", text)]
        n_words = len(text.split())
        return Recognition(tuple(found), n_words, n_words, 1, n_words)


class SlowReader(CapitalsReader):
    """Takes some time for each text, as a model does."""

    def _read(self, text: str, n_texts: int, on_progress: Callable[[], None]) -> Recognition:
        threading.Event().wait(0.03)
        return super()._read(text, n_texts, on_progress)


def open_reader(model: ModelFacts, settings: Settings, slot: Slot) -> CapitalsReader:
    return CapitalsReader()


def open_slow_reader(model: ModelFacts, settings: Settings, slot: Slot) -> CapitalsReader:
    return SlowReader()


def open_nothing(model: ModelFacts, settings: Settings, slot: Slot) -> CapitalsReader:
    raise ModelError("the folder of the model is not on this machine")


def open_nothing_for_an_hour(model: ModelFacts, settings: Settings, slot: Slot) -> CapitalsReader:
    """Refuses, and has its process pause for so long."""
    child._PAUSE_S = child._MAX_PAUSE_S = 3600.0
    return open_nothing(model, settings, slot)


def die_opening(model: ModelFacts, settings: Settings, slot: Slot) -> CapitalsReader:
    os._exit(3)


def wait_at_gate(on_progress: Callable[[], None]) -> None:
    """Say that a reader has arrived, and go on reading until the gate is opened."""
    gates = Path(os.environ[GATES])
    (gates / f"arrived-{os.getpid()}").touch()
    pause = threading.Event()
    while not (gates / "open").exists():
        on_progress()
        pause.wait(0.01)
    (gates / f"passed-{os.getpid()}").touch()


class Gates:
    """The test's side of `wait_at_gate`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def arrived(self) -> list[int]:
        """Process ids of the readers that wait, or waited."""
        return [int(path.name.removeprefix("arrived-")) for path in self._folder.glob("arrived-*")]

    def all_passed(self) -> bool:
        """Whether whoever arrived has seen that the gate is open."""
        passed = {int(path.name.removeprefix("passed-")) for path in self._folder.glob("passed-*")}
        return passed.issuperset(self.arrived())

    def open(self) -> None:
        (self._folder / "open").touch()

    def close(self) -> None:
        """Let the next ones wait, and forget who has been here."""
        for path in self._folder.iterdir():
            path.unlink()


class _DiesOnArrival:
    """Pickles well; a process that unpickles it is gone."""

    def __call__(self, model: ModelFacts, settings: Settings, slot: Slot) -> CapitalsReader:
        raise NotImplementedError

    def __reduce__(self) -> tuple[Callable[[int], None], tuple[int]]:
        return os._exit, (3,)


#: An opener with which a process dies before it can say anything, as with a broken installation.
die_importing = _DiesOnArrival()
