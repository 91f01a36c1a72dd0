"""Open a regular file and nothing else: no link, no pipe, no device."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from worker.errors import DocumentError

_NOT_FOUND = frozenset({errno.ENOENT, errno.ENOTDIR})
_NOT_A_FILE = frozenset({errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENODEV})


@contextmanager
def open_regular(location: Path) -> Iterator[BinaryIO]:
    """The file, opened for reading.

    Raises:
        DocumentError: `not_found`, `not_a_file` or `unreadable`; for errors while reading as well.
    """
    try:
        # Without O_NONBLOCK a pipe that nobody writes to would be waited for without end.
        descriptor = os.open(location, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise DocumentError("not_a_file", "not a regular file; pipe it in and name it `-` instead")
            yield file
    except OSError as error:
        raise document_error(error) from error


def document_error(error: OSError) -> DocumentError:
    """What a failed call of the operating system means for the source."""
    detail = error.strerror or type(error).__name__
    if error.errno in _NOT_FOUND:
        return DocumentError("not_found", f"the file is gone: {detail}")
    if error.errno in _NOT_A_FILE:
        return DocumentError("not_a_file", f"not a regular file: {detail}")
    return DocumentError("unreadable", detail)
