"""A reading process as its parent sees it."""

from __future__ import annotations

import os
from collections import deque
from multiprocessing import get_context
from typing import Final

from worker.children import interrupts_held
from worker.documents.options import ReadOptions
from worker.documents.reader_child import Answer, run_reader
from worker.documents.reader_order import Order

_spawn = get_context("spawn")
#: Seconds between the end of its pipe and its own.
_DYING_S: Final = 5.0


class ReaderProcess:
    """A spawned process that reads one order after another."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self.orders: deque[Order] = deque()
        self.is_ready = False
        self._where = _spawn.RawArray("q", 3)
        self.pipe, far_end = _spawn.Pipe()
        self._process = _spawn.Process(
            target=run_reader,
            args=(far_end, self._where, options, os.getpid()),
            name="nerq-reader",
            daemon=True,
        )
        with interrupts_held():
            self._process.start()
        far_end.close()

    def give(self, order: Order) -> None:
        """Send an order; if the process just died, its pipe will say so."""
        self.orders.append(order)
        try:
            self.pipe.send(order.request())
        except OSError:
            return

    def receive(self) -> bool:
        """Take what it says, which may be waited for; False: it is dead, and its orders are another's."""
        try:
            said = self.pipe.recv()
        except (EOFError, OSError):
            self._bury()
            return False
        if isinstance(said, Answer):
            self.orders[0].take(said)
            if said.is_end:
                self.orders.popleft()
        self.is_ready = True
        return True

    def _bury(self) -> None:
        status = self.end(is_dying=True)
        number, file, unit = self._where[:]
        if self.orders and self.orders[0].number == number:  # else it had not begun
            self.orders[0].blame((file, unit), status, self._options.limit_s)

    def end(self, is_dying: bool = False) -> int | None:
        """End it, if it has not ended; the exit status."""
        if is_dying:
            self._process.join(_DYING_S)
        self._process.kill()
        self._process.join()
        status = self._process.exitcode
        self.pipe.close()
        self._process.close()
        return status
