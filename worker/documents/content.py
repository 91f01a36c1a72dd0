"""What is in one file, wherever it lies: on a disk, in an archive, in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO

from worker.documents import kinds
from worker.documents.files import FoundFile
from worker.documents.formats import HEAD_BYTES
from worker.documents.formats.media_types import TEXT
from worker.documents.opening import open_regular
from worker.documents.options import ReadOptions
from worker.errors import DocumentError


@dataclass(slots=True)
class Content:
    """An open file that can be gone through from the start any number of times."""

    path: str
    name: str
    file: IO[bytes]
    media_type: str  #: by what is in it
    size: int | None  #: of a file in memory or on a disk when it was opened; None: nobody knows yet
    is_named: bool = False
    before: os.stat_result | None = None  #: of a file on a disk: when it was opened

    @property
    def has_changed(self) -> bool:
        """Whether the file was written to since it was opened: what was read may be half old and half new."""
        if self.before is None:
            return False
        after = os.fstat(self.file.fileno())
        return (self.before.st_size, self.before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)

    @property
    def has_shrunk_or_was_rewritten(self) -> bool:
        """The same, but for what was added to its end."""
        if self.before is None:
            return False
        return os.fstat(self.file.fileno()).st_size <= self.before.st_size and self.has_changed


@contextmanager
def opened(found: FoundFile) -> Iterator[Content]:
    """The content of a found file.

    Raises:
        DocumentError: it cannot be opened or read.
    """
    if found.data is not None:
        media_type = kinds.media_type(found.name, found.data[:HEAD_BYTES]) or found.media_type or TEXT
        yield Content(
            found.path, found.name, BytesIO(found.data), media_type, len(found.data), found.is_named
        )
        return
    with open_regular(found.location) as file:
        before = os.fstat(file.fileno())
        media_type = kinds.media_type(found.name, head(file)) or found.media_type or TEXT
        yield Content(found.path, found.name, file, media_type, before.st_size, found.is_named, before)


def head(file: IO[bytes]) -> bytes:
    """The first bytes of a file; it then is at its start again."""
    data: bytes | None = file.read(HEAD_BYTES)
    file.seek(0)
    return data or b""


def read_whole(content: Content, options: ReadOptions) -> bytes:
    """All bytes.

    Raises:
        DocumentError: `too_large`, `unreadable`, or `changed` while it was read.
    """
    if content.size is not None and content.size > options.max_file_bytes:
        raise too_large(options)
    data = _read(content.file, content.size, options.max_file_bytes + 1)
    if len(data) > options.max_file_bytes:
        raise too_large(options)
    refuse_changed(content)
    return data


def _read(file: IO[bytes], size: int | None, n_bytes: int) -> bytes:
    """So many bytes, or all; room is made for as many as there should be, not for as many as there may be."""
    first: bytes | None = file.read(min(size + 1, n_bytes) if size else n_bytes)
    if first is None:  # of some files of the kernel, which are regular by name only
        raise DocumentError("unreadable", "it has nothing to read now, and may have later")
    if not size or len(first) <= size or len(first) == n_bytes:
        return first
    return first + file.read(n_bytes - len(first))


def refuse_changed(content: Content) -> None:
    """Raises DocumentError `changed` if the file was written to since it was opened."""
    if content.has_changed:
        raise DocumentError("changed", "the file was written to while it was read; submit it again")


def in_memory(content: Content, options: ReadOptions) -> Content:
    """The same for a reader that goes to and fro in its file. Raises DocumentError as `read_whole`."""
    data = read_whole(content, options)
    return replace(content, file=BytesIO(data), size=len(data), before=None)


def too_large(options: ReadOptions) -> DocumentError:
    """What a file is that has more bytes than it may."""
    return DocumentError("too_large", f"more than {options.max_file_bytes} bytes (NERQ_MAX_FILE_BYTES)")
