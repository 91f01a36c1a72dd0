"""One model process of the local pool, as its parent sees it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from multiprocessing import get_context

from worker.children import interrupts_held
from worker.errors import NerqError
from worker.queue.extract import Outcome
from worker.queue.identity import process_name
from worker.queue.local_child import OPENED, run_child
from worker.queue.message import BatchMessage
from worker.queue.model_cache import OpenModel
from worker.queue.slots import Slot
from worker.settings import Settings

_spawn = get_context("spawn")
#: Seconds that a process has for its start.
_START_S = 120.0


class LocalProcess:
    """A spawned process that reads one batch at a time."""

    def __init__(self, settings: Settings, slot: Slot, open_model: OpenModel | None) -> None:
        self.slot = slot
        self.batch: BatchMessage | None = None
        #: Whether it has opened a model; one that dies before that has hardly a document to blame.
        self.has_opened = False
        self._is_ready = False
        self._time_limit_s = settings.time_limit_s
        self._deadline = time.monotonic() + _START_S
        self.pipe, far_end = _spawn.Pipe()
        self._process = _spawn.Process(
            target=run_child,
            args=(far_end, settings, slot, open_model, os.getpid()),
            name="nerq-model",
            daemon=True,
        )
        with interrupts_held():
            self._process.start()
        far_end.close()
        self.pid = self._process.pid or 0
        self.sentinel = self._process.sentinel
        self.name = process_name(self.pid)

    def give(self, batch: BatchMessage) -> None:
        """Send a batch to an idle process; if it just died, its sentinel will say so."""
        self.batch = batch
        self._set_deadline()
        try:
            self.pipe.send(batch)
        except OSError:
            return

    def answers(self) -> Iterator[Outcome]:
        """What the process has said since.

        Raises:
            NerqError: it cannot work at all.
        """
        try:
            while self.pipe.poll():
                said = self.pipe.recv()
                if isinstance(said, NerqError):
                    raise said
                if isinstance(said, Outcome):
                    self.batch = None
                    yield said
                self._is_ready = True
                self.has_opened |= said == OPENED
                self._set_deadline()
        except (EOFError, OSError):
            return

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def kill_if_overdue(self) -> bool:
        """End a process whose batch has used up its time."""
        if time.monotonic() < self._deadline:
            return False
        self._process.kill()
        self._deadline = float("inf")
        return True

    def _set_deadline(self) -> None:
        if self._is_ready:  # before, it is given _START_S
            self._deadline = time.monotonic() + self._time_limit_s if self.batch else float("inf")

    def ask_to_stop(self, cut: bool) -> None:
        """Ask for an end after the batch in hand; with `cut`, for giving it back at the next pack."""
        if cut:
            self._process.terminate()
        else:
            try:
                self.pipe.send(None)
            except OSError:
                return

    def end(self, timeout_s: float) -> int | None:
        """Wait for the end, then enforce it; the exit status."""
        self._process.join(timeout_s)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        status = self._process.exitcode
        self.pipe.close()
        self._process.close()
        return status
