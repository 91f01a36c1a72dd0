"""Processes that read, as many as there are cores and as many as there is work for."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, Final, Self

from worker.documents.document import Source
from worker.documents.files import FoundFile
from worker.documents.options import ReadOptions
from worker.documents.reader_order import Order
from worker.documents.reader_process import ReaderProcess
from worker.errors import NerqError

#: Orders of a process: one that it reads, one that it begins with while nobody listens.
_ORDERS_EACH: Final = 2
#: Characters of text that are held for later; more is left in the processes.
_MAX_HELD_CHARS: Final = 8_000_000
#: Processes in a row that may die before they could read: one may have been killed by somebody else.
_MAX_STILLBORN: Final = 2
#: More processes read faster than one database takes.
_MAX_PROCESSES: Final = 16


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ReaderPool:
    """Takes orders and answers them in any order; its processes start when they are needed and end with the block."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._max_processes = min(n_cores(), _MAX_PROCESSES)
        self._processes: list[ReaderProcess] = []
        self._waiting: deque[Order] = deque()
        self._own: Order | None = None  #: what this process has begun to read itself
        self._n_stillborn = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for process in self._processes:
            process.end()

    @property
    def max_orders(self) -> int:
        """So many orders keep all processes busy, and this one."""
        return self._max_processes * _ORDERS_EACH + 2

    def give(self, files: Sequence[FoundFile], is_simple: bool = False) -> Order:
        """Have the files read; simple ones are read here where processes have not come to them in time."""
        order = Order(files, is_simple)
        self._waiting.append(order)
        self._hand_out()
        return order

    def wait_for(self, order: Order, others: Sequence[Order]) -> None:
        """Return when the order has results or is done; results of the others are taken too, but not too many."""
        while not order.results and not order.is_done:
            has_room = sum(_n_chars(other) for other in others) < _MAX_HELD_CHARS
            own = self._own_work() if has_room or self._own is order else None
            speaking = self._speaking(order, has_room, waits=own is None)
            for process in speaking:
                if process.receive():
                    self._n_stillborn = 0
                else:
                    self._replace(process)
            self._hand_out()
            if own and not speaking:
                self._work_on(own)

    def _own_work(self) -> Order | None:
        """What this process reads rather than wait, first come first served."""
        if self._own is None:
            self._own = next((order for order in self._waiting if order.is_simple), None)
            if self._own:
                self._waiting.remove(self._own)
        return self._own

    def _work_on(self, own: Order) -> None:
        if not own.read_some(self._options):
            own.is_simple = False
            self._waiting.appendleft(own)
            self._hand_out()
            self._own = None
        elif own.is_done:
            self._own = None

    def _replace(self, process: ReaderProcess) -> None:
        self._processes.remove(process)
        # First, and in order: whoever waits waits for them.
        self._waiting.extendleft(reversed([order for order in process.orders if not order.is_done]))
        self._n_stillborn += not process.is_ready
        if self._n_stillborn > _MAX_STILLBORN:
            raise NerqError("Processes that read documents end as they begin: is there enough memory?")

    def _speaking(self, order: Order, takes_all: bool, waits: bool) -> list[ReaderProcess]:
        """Processes that have said something; waits for the first to do so if told to."""
        takes_all = takes_all or order in self._waiting
        heard = {p.pipe: p for p in self._processes if takes_all or not p.is_ready or order in p.orders}
        pipes: list[Any] = wait(list(heard), None if waits else 0)
        return [heard[pipe] for pipe in pipes if isinstance(pipe, Connection)]

    def _hand_out(self) -> None:
        while self._waiting:
            ready = [process for process in self._processes if process.is_ready]
            process = min(ready, key=lambda process: len(process.orders), default=None)
            if process is None or process.orders:
                self._start_another(n_starting=len(self._processes) - len(ready))
            n_most = 1 if self._waiting[0].is_heavy else _ORDERS_EACH
            if process is None or len(process.orders) >= n_most:
                return
            process.give(self._waiting.popleft())

    def _start_another(self, n_starting: int) -> None:
        if len(self._processes) < self._max_processes and n_starting < len(self._waiting):
            self._processes.append(ReaderProcess(self._options))


def _n_chars(order: Order) -> int:
    return sum(len(r.document.text) for r in order.results if isinstance(r, Source) and r.document)
