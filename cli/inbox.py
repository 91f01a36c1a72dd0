"""Which files of a folder are quiet: they look the same as at the last look, and have not been taken so."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from worker.documents import FoundFile

#: What of a file changes when someone writes it.
_Mark: TypeAlias = tuple[int | str, ...]


class Inbox:
    """Remembers the files of the last look. What became of them before this process is not known here."""

    def __init__(self) -> None:
        self._last: dict[str, _Mark] = {}
        self._now: dict[str, _Mark] = {}
        self._taken: dict[str, _Mark] = {}

    def look(self) -> None:
        """Begin another look."""
        self._last, self._now = self._now, {}

    def wants(self, found: FoundFile) -> bool:
        """Whether the file is to be taken now; then it counts as taken until it changes."""
        mark = _mark(found)
        if mark is None:
            return False
        self._now[found.path] = mark
        if self._last.get(found.path) != mark or self._taken.get(found.path) == mark:
            return False
        self._taken[found.path] = mark
        return True

    def put_back(self, path: str) -> None:
        """Let a file be taken once more: it was changed or moved while it was read."""
        self._taken.pop(path, None)

    def forget_the_rest(self) -> None:
        """At the end of a whole look: files that were not seen in it are gone."""
        self._taken = {path: mark for path, mark in self._taken.items() if path in self._now}


def _mark(found: FoundFile) -> _Mark | None:
    """None for a file that is gone again. A change of rights is a change too: it may make a file readable."""
    if found.error:
        return (found.error.code,)
    try:
        status = found.location.path.lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return _mark_of_opened(found)
        return None
    return _mark_of(status)


def _mark_of_opened(found: FoundFile) -> _Mark:
    """Of a file whose path is too long for one call."""
    from worker.documents.opening import open_regular
    from worker.errors import DocumentError

    try:
        with open_regular(found.location) as file:
            return _mark_of(os.fstat(file.fileno()))
    except DocumentError as error:
        return (error.code,)


def _mark_of(status: os.stat_result) -> _Mark:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
