"""Open a regular file and nothing else: no link, no pipe, no device."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from worker.errors import DocumentError

_NOT_FOUND = frozenset({errno.ENOENT, errno.ENOTDIR})
_NOT_A_FILE = frozenset({errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENODEV})
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# Without O_NONBLOCK a pipe that nobody writes to would be waited for without end.
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Location:
    """Where a file or folder is: what a person named, and the names of folders and file that lead on from there.

    What was named may be a link. On the way from there no link is followed, even where a folder becomes one while it
    is read: so nothing outside of the folder is ever opened.
    """

    named: Path
    way: tuple[str, ...] = ()

    def __truediv__(self, name: str) -> Location:
        return Location(self.named, (*self.way, name))

    def __reduce__(self) -> tuple[type[Location], tuple[object, ...]]:
        # A dataclass with slots takes its fields apart by name: several times as slow, for each of many files.
        return Location, (self.named, self.way)

    @property
    def path(self) -> Path:
        """For people."""
        return self.named.joinpath(*self.way)


@contextmanager
def open_regular(location: Location) -> Iterator[BinaryIO]:
    """The file, opened for reading.

    Raises:
        DocumentError: `not_found`, `not_a_file` or `unreadable`; for errors while reading as well.
    """
    try:
        descriptor = _open(location, _FILE)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise DocumentError("not_a_file", "not a regular file; pipe it in and name it `-` instead")
        with os.fdopen(descriptor, "rb") as file:
            yield file
    except OSError as error:
        raise document_error(error) from error


@contextmanager
def listed(location: Location) -> Iterator[Iterator[os.DirEntry[str]]]:
    """What is in the folder.

    Raises:
        OSError: it is gone, is no folder any more, or may not be read.
    """
    descriptor = _open(location, _FOLDER)
    try:
        with os.scandir(descriptor) as entries:
            yield entries
    finally:
        os.close(descriptor)


def _open(location: Location, flags: int) -> int:
    """Each name is opened in the folder before it, so that no folder on the way can be exchanged for a link."""
    if not location.way:
        return os.open(location.named, flags)
    *folders, last = location.way
    folder = os.open(location.named, _FOLDER)
    try:
        for name in folders:
            inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(last, flags | os.O_NOFOLLOW, dir_fd=folder)
    finally:
        os.close(folder)


def document_error(error: OSError) -> DocumentError:
    """What a failed call of the operating system means for the source."""
    detail = error.strerror or type(error).__name__
    if error.errno in _NOT_FOUND:
        return DocumentError("not_found", f"the file is gone: {detail}")
    if error.errno in _NOT_A_FILE:
        return DocumentError("not_a_file", f"not a regular file: {detail}")
    return DocumentError("unreadable", detail)
