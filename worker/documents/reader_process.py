"""A reading process as its parent sees it."""

from __future__ import annotations

import os
import pickle
import signal
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from typing import Final

from worker.children import interrupts_held
from worker.documents.document import Source
from worker.documents.file_reading import Result
from worker.documents.files import FoundFile
from worker.documents.options import ReadOptions
from worker.documents.reader_child import Answer, Position, Request, run_reader
from worker.errors import DocumentError

_spawn = get_context("spawn")
#: Processes that die over a unit before it is to blame: one may have been killed by somebody else.
_MAX_DEATHS: Final = 2
#: Seconds between the end of its pipe and its own.
_DYING_S: Final = 5.0
#: Bytes that a pipe takes at once, though nobody reads at its far end.
_PIPE_BYTES: Final = 65_536
#: Processes that die over what is passed over, since it went well before.
_MAX_ODD_DEATHS: Final = 6


@dataclass(slots=True, eq=False)
class Order:
    """Files that one process reads, and what came of them so far."""

    files: Sequence[FoundFile]
    number: int = field(default_factory=count(1).__next__)
    results: deque[Result] = field(default_factory=deque)
    is_done: bool = False
    _position: Position = field(default_factory=Position)
    _failed: dict[tuple[int, int], DocumentError] = field(default_factory=dict)
    _deaths: Counter[tuple[int, int]] = field(default_factory=Counter)
    is_light: bool = field(
        init=False
    )  #: sent without waiting for the process, which may wait to be heard itself

    def __post_init__(self) -> None:
        self.is_light = (
            not any(file.data for file in self.files) and len(pickle.dumps(self.files)) < _PIPE_BYTES
        )

    def request(self) -> Request:
        """What is left to read."""
        return Request(self.number, self.files, self._position, self._failed)

    def take(self, answer: Answer) -> None:
        """Note what was read."""
        self.results += answer.results
        self._position, self.is_done = answer.position, answer.is_end

    def blame(self, place: tuple[int, int], status: int | None, limit_s: float) -> None:
        """Note that a process died over this file and unit: if they are to blame they fail; the rest is to be read."""
        self._deaths[place] += 1
        if status == -signal.SIGALRM:
            detail = f"reading it took more than {limit_s:g} s without an end (NERQ_READER_LIMIT_S)"
            error = DocumentError("reader_timeout", detail)
        elif self._deaths[place] >= _MAX_DEATHS:
            error = DocumentError(
                "reader_crashed", f"reading it ends the process that reads ({_said(status)})"
            )
        else:
            return
        if self._deaths[place] > _MAX_ODD_DEATHS:
            self.results.append(Source(self.files[place[0]].path, error=error))
            self.is_done = True
        self._failed[place] = error
        self._position = Position(*place)


def _said(status: int | None) -> str:
    if status is not None and status < 0:
        return signal.Signals(-status).name
    return f"status {status}"


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
