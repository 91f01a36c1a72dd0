"""The far side of a reading process: it reads what it is told to, within limits of time and memory."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final

from worker.children import die_with_parent
from worker.documents.document import Source
from worker.documents.file_reading import Result, read_file
from worker.documents.files import FoundFile
from worker.documents.options import ReadOptions
from worker.documents.visit import Visit
from worker.errors import DocumentError

#: What a process says once it can read.
READY: Final = "ready"
#: Results that are sent at a time: so many, or with so many characters of text.
_RESULTS_AT_ONCE, _CHARS_AT_ONCE = 128, 400_000


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far the files of an order are read: the file, the unit in it, and how many results of that were given."""

    file: int = 0
    unit: int = 0
    n_results: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """Files to read, from a position on; `failed` units, by file and unit, are answered with their error."""

    number: int  #: by which the parent knows whether its process has begun with it
    files: Sequence[FoundFile]
    start: Position = Position()
    failed: dict[tuple[int, int], DocumentError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """Results in order, and the position after them."""

    results: list[Result]
    position: Position
    is_end: bool = False


def run_reader(pipe: Connection, where: Any, options: ReadOptions, parent_pid: int) -> None:
    """Answer requests until the pipe ends. `where` is shared: the request in hand, its file, and the unit in that."""
    die_with_parent(parent_pid)
    _limit(options)
    try:
        pipe.send(READY)
        while True:
            _Reading(pipe, where, options, pipe.recv()).run()
    except (EOFError, BrokenPipeError, ConnectionResetError):  # the parent is gone
        return


def _limit(options: ReadOptions) -> None:
    # The libraries of formats print what they please.
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(silence, descriptor)
    # The memory of a process that crashes holds texts, which belong into no core file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = options.memory_bytes if hard == resource.RLIM_INFINITY else min(options.memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    # By an alarm the kernel ends a process that no handler of Python would.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


class _Reading:
    """One request."""

    def __init__(self, pipe: Connection, where: Any, options: ReadOptions, request: Request) -> None:
        self._pipe = pipe
        self._where = where
        self._options = options
        self._request = request
        self._results: list[Result] = []
        self._n_chars = 0
        self._position = request.start

    def run(self) -> None:
        """Read and answer."""
        request = self._request
        self._mark(request.start.file, request.start.unit)
        for number in range(request.start.file, len(request.files)):
            self._read(number)
            self._position = Position(number + 1)
        self._send(is_end=True)

    def _read(self, number: int) -> None:
        start = self._request.start if number == self._request.start.file else Position(number)
        failed = {unit: error for (file, unit), error in self._request.failed.items() if file == number}
        visit = Visit(start.unit, failed, on_enter=lambda unit: self._mark(number, unit))
        unit = n_results = 0
        for result in _complete(self._request.files[number], self._options, visit):
            if visit.unit != unit:
                unit, n_results = visit.unit, 0
            n_results += 1
            if visit.is_passing or (unit == start.unit and n_results <= start.n_results):
                continue
            self._position = Position(number, unit, n_results)
            self._add(result)

    def _mark(self, file: int, unit: int) -> None:
        self._where[:] = [self._request.number, file, unit]
        signal.setitimer(signal.ITIMER_REAL, self._options.limit_s)

    def _add(self, result: Result) -> None:
        self._results.append(result)
        if isinstance(result, Source) and result.document:
            self._n_chars += len(result.document.text)
        if len(self._results) >= _RESULTS_AT_ONCE or self._n_chars >= _CHARS_AT_ONCE:
            self._send()

    def _send(self, is_end: bool = False) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)  # the parent takes its time
        self._pipe.send(Answer(self._results, self._position, is_end))
        self._results, self._n_chars = [], 0
        if not is_end:
            signal.setitimer(signal.ITIMER_REAL, self._options.limit_s)


def _complete(found: FoundFile, options: ReadOptions, visit: Visit) -> Iterator[Result]:
    """As `read_file`, with an error in place of what was not foreseen."""
    try:
        yield from read_file(found, options, visit)
    except (MemoryError, RecursionError):
        error = DocumentError("too_complex", "reading it takes more memory than a reader may have")
        yield Source(found.path, media_type=found.media_type, error=error)
    except Exception as unforeseen:
        error = DocumentError("internal_error", f"{type(unforeseen).__name__} while the file was read")
        yield Source(found.path, media_type=found.media_type, error=error)
