"""Files that are read together, by one process after another until they are read."""

from __future__ import annotations

import signal
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from worker.documents.document import Source
from worker.documents.file_reading import Result, read_file
from worker.documents.files import FoundFile
from worker.documents.kinds import COMPLEX
from worker.documents.options import ReadOptions
from worker.documents.reader_child import Answer, Position, Request
from worker.documents.visit import NeedsReaderError, Visit
from worker.errors import DocumentError

#: Processes that die over a unit before it is to blame: one may have been killed by somebody else.
_MAX_DEATHS: Final = 2
#: Processes that die over what is passed over, since it went well before.
_MAX_ODD_DEATHS: Final = 6
#: A pipe takes more than this while its reader is busy.
_MAX_UNREAD_BYTES: Final = 32_768
#: Files that are read here before processes are listened to again; after a large one at once.
_FILES_AT_ONCE, _LARGE = 8, 1_000_000


@dataclass(slots=True, eq=False)
class Order:
    """Files that one process reads, and what came of them so far."""

    files: Sequence[FoundFile]
    is_simple: bool = False  #: whether this process may read them as well
    number: int = field(default_factory=count(1).__next__)
    results: deque[Result] = field(default_factory=deque)
    is_done: bool = False
    _position: Position = field(default_factory=Position)
    _failed: dict[tuple[int, int], DocumentError] = field(default_factory=dict)
    _deaths: Counter[tuple[int, int]] = field(default_factory=Counter)

    @property
    def is_heavy(self) -> bool:
        """Whether its request may not fit into a pipe that nobody reads: it is given to an idle process only."""
        n_bytes = sum(2 * len(found.path) + len(found.data or b"") for found in self.files)
        return n_bytes > _MAX_UNREAD_BYTES

    def request(self) -> Request:
        """What is left to read."""
        return Request(self.number, self.files, self._position, self._failed)

    def take(self, answer: Answer) -> None:
        """Note what was read."""
        self.results += answer.results
        self._position, self.is_done = answer.position, answer.is_end

    def read_some(self, options: ReadOptions) -> bool:
        """Read a few of the files here; False: the next one needs a process."""
        for _ in range(_FILES_AT_ONCE):
            number = self._position.file
            try:
                results = list(read_file(self.files[number], options, Visit(admit=_refuse_complex)))
            except NeedsReaderError:
                return False
            self.take(Answer(results, Position(number + 1), number + 1 == len(self.files)))
            if self.is_done or any(isinstance(r, Source) and (r.n_bytes or 0) > _LARGE for r in results):
                break
        return True

    def blame(self, place: tuple[int, int], status: int | None, limit_s: float) -> None:
        """Note that a process died over this file and unit: if they are to blame they fail; the rest is to be read."""
        self.is_simple = False
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


def _refuse_complex(media_type: str, _size: int | None) -> None:
    if media_type in COMPLEX:
        raise NeedsReaderError
