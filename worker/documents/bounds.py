"""How much may come out of compressed files, together: a small file may stand for any number of bytes."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, TypeVar

from worker.errors import DocumentError

T = TypeVar("T")

#: Text becomes 10 times smaller at most, very regular tables 100 times; a bomb is 1,000 times smaller.
_MAX_RATIO = 250
#: So much may come out whatever the ratio is.
_FREE_BYTES = 100_000_000


class Bounds:
    """What may come out of a compressed file of this size."""

    def __init__(self, n_compressed: int) -> None:
        self._left = max(_FREE_BYTES, _MAX_RATIO * n_compressed)

    def spend(self, n_bytes: int) -> None:
        """Note that so much came out.

        Raises:
            DocumentError: it is too much.
        """
        self._left -= n_bytes
        if self._left < 0:
            raise DocumentError(
                "too_large", f"a bomb: it becomes more than {_MAX_RATIO} times as large when it is unpacked"
            )


def bounded(stream: IO[bytes] | gzip.GzipFile, bounds: Bounds) -> IO[bytes]:
    """The stream within bounds; what is wrong with its compression is a DocumentError."""
    return io.BufferedReader(_Bounded(stream, bounds), 1 << 16)


class _Bounded(io.RawIOBase):
    def __init__(self, stream: IO[bytes] | gzip.GzipFile, bounds: Bounds) -> None:
        self._stream = stream
        self._bounds = bounds
        self._furthest = 0  # what is read again, from the start, does not count again

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return _translated(lambda: self._stream.seek(offset, whence))

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = _translated(lambda: self._stream.read(len(buffer)))
        buffer[: len(data)] = data
        position = self._stream.tell()
        self._bounds.spend(max(0, position - self._furthest))
        self._furthest = max(self._furthest, position)
        return len(data)


def _translated(act: Callable[[], T]) -> T:
    try:
        return act()
    except NotImplementedError as error:  # of zipfile, for methods of compression that it does not know
        raise DocumentError("unsupported", "compressed in a way that there is no reader for") from error
    except RuntimeError as error:  # of zipfile, for a member that wants a password
        raise DocumentError("encrypted", "it needs a password; unpack it first") from error
    except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile, OSError) as error:
        raise DocumentError("damaged", "what is compressed in it is cut or damaged") from error
