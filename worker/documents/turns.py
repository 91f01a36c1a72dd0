"""Found files -> results in the order of the files: a few are read here, many and difficult ones by processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeGuard

from worker.documents.document import Skipped, Source
from worker.documents.file_reading import Result, read_file
from worker.documents.files import FoundFile
from worker.documents.kinds import COMPLEX, RECORDS
from worker.documents.options import ReadOptions
from worker.documents.reader_order import Order
from worker.documents.reader_pool import ReaderPool, n_cores
from worker.documents.visit import NeedsReaderError, Visit

#: Read here before processes are worth their start; it takes about as long as that.
_FILES_HERE: Final = 200
_BYTES_HERE: Final = 8_000_000
#: Simple files that a process is given at a time.
_FILES_AT_ONCE: Final = 64
#: Files and what is passed over between them, that wait for their turn.
_MAX_TURNS: Final = 4096


def read_files(found: Iterator[FoundFile | Skipped], options: ReadOptions) -> Iterator[Result]:
    """What is in the files, in their order. Nothing is looked for ahead of what is read, unless processes read it."""
    with ReaderPool(options) as pool:
        turns = _Turns(found, pool)
        while (turn := turns.next()) is not None:
            if isinstance(turn, Order):
                yield from _received(turn, turns, pool)
            elif isinstance(turn, Skipped):
                yield turn
            elif turn.error:
                yield Source(turn.path, error=turn.error)
            else:
                try:
                    yield from read_file(turn, options, turns.here.visit())
                except NeedsReaderError:
                    yield from _received(pool.give([turn]), turns, pool)


def _received(order: Order, turns: _Turns, pool: ReaderPool) -> Iterator[Result]:
    while True:
        turns.look_ahead()
        pool.wait_for(order, turns.orders)
        while order.results:
            yield order.results.popleft()
        if order.is_done:
            return


@dataclass(slots=True)
class _Here:
    """How much this process has read itself."""

    n_files: int = 0
    n_bytes: int = 0
    n_cores: int = field(default_factory=n_cores)

    @property
    def is_enough(self) -> bool:
        """Whether the rest is for processes; on a single core they would only take turns with this one."""
        return self.n_cores > 1 and (self.n_files >= _FILES_HERE or self.n_bytes >= _BYTES_HERE)

    def visit(self) -> Visit:
        """Of a file that is to be read here, if it is simple and there is room for it."""
        return Visit(admit=self._admit)

    def _admit(self, media_type: str, size: int | None) -> None:
        is_long = media_type in RECORDS and (size or 0) > _BYTES_HERE and self.n_cores > 1
        if media_type in COMPLEX or is_long or self.is_enough:
            raise NeedsReaderError
        self.n_files += 1
        self.n_bytes += size or 0


class _Turns:
    """The line of files: who is read next, and who is read ahead meanwhile."""

    def __init__(self, found: Iterator[FoundFile | Skipped], pool: ReaderPool) -> None:
        self._found = found
        self._pool = pool
        self._line: deque[FoundFile | Skipped | Order] = deque()
        self.here = _Here()

    @property
    def orders(self) -> list[Order]:
        """What processes read for later turns."""
        return [turn for turn in self._line if isinstance(turn, Order)]

    def next(self) -> FoundFile | Skipped | Order | None:
        """Whose turn it is; None at the end."""
        if not self._line:
            self._find_next()
        if any(isinstance(turn, Order) for turn in self._line):
            self.look_ahead()
        return self._line.popleft() if self._line else None

    def look_ahead(self) -> None:
        """Find files until the processes have enough to do."""
        while len(self._line) < _MAX_TURNS and self._n_open() < self._pool.max_orders:
            if not self._find_next():
                return

    def _n_open(self) -> int:
        return sum(isinstance(turn, Order) and not turn.is_done for turn in self._line)

    def _find_next(self) -> bool:
        """Put the next one in line, or those that a process is given together; False: none is left."""
        found = next(self._found, None)
        bundle: list[FoundFile] = []
        while self._is_simple(found) and len(bundle) < _FILES_AT_ONCE:
            bundle.append(found)
            found = next(self._found, None)
        if bundle:
            self._line.append(self._pool.give(bundle, is_simple=True))
        if found is None:
            return bool(bundle)
        if isinstance(found, FoundFile) and not found.error and self._is_for_processes(found):
            self._line.append(self._pool.give([found]))
        else:
            self._line.append(found)
        return True

    def _is_simple(self, found: FoundFile | Skipped | None) -> TypeGuard[FoundFile]:
        """Whether it is one of many small files, as it seems, for a process."""
        return (
            isinstance(found, FoundFile)
            and not found.error
            and self.here.is_enough
            and found.media_type not in COMPLEX | RECORDS
        )

    def _is_for_processes(self, found: FoundFile) -> bool:
        return found.media_type in COMPLEX or self.here.is_enough
