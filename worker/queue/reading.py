"""Texts -> recognitions; what does not fit or breaks is halved until one document is to blame."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from worker.errors import DocumentError, ServiceError, TransientError
from worker.store import Claimed

if TYPE_CHECKING:
    from worker.recognition import Recognition

_log = logging.getLogger(__name__)

#: Parts of messages by which torch says that memory ran out without an exception class of its own.
_MEMORY_WORDS = ("out of memory", "DefaultCPUAllocator", "CUBLAS_STATUS_ALLOC_FAILED")


class Reader(Protocol):
    """What a batch needs of a recogniser."""

    engine: str
    precision: str

    def recognize(
        self, texts: Sequence[str], on_progress: Callable[[], None] | None = None
    ) -> list[Recognition]:
        """One recognition for each text; `on_progress` is called after every pack."""


class BrokenDeviceError(Exception):
    """The GPU answers every call with an error from now on; another process must take this one's place."""


@dataclass(slots=True)
class Readings:
    """What became of the extractions of a batch."""

    read: list[tuple[Claimed, Recognition]] = field(default_factory=list)
    failed: list[tuple[Claimed, DocumentError]] = field(default_factory=list)


def read_all(reader: Reader, claimed: Sequence[Claimed], on_progress: Callable[[], None]) -> Readings:
    """Read a batch; a document that cannot be read, alone, is failed and the others are not touched by it.

    Raises:
        BrokenDeviceError: no document is to blame.
        TransientError, ServiceError: from `on_progress`.
    """
    readings = Readings()
    parts = [list(claimed)]
    while parts:
        part = parts.pop()
        error = _read(reader, part, on_progress, readings)
        # Here the failed call's frames, and the memory they held, are gone.
        if error is None:
            continue
        if len(part) == 1:
            readings.failed.append((part[0], error))
            _log.warning("document failed", extra={"extraction": part[0].id, "code": error.code})
        else:
            middle = len(part) // 2
            parts += [part[middle:], part[:middle]]
            _log.info("batch halved", extra={"documents": len(part), "code": error.code})
    return readings


def _read(
    reader: Reader, part: Sequence[Claimed], on_progress: Callable[[], None], readings: Readings
) -> DocumentError | None:
    try:
        recognitions = reader.recognize([one.text for one in part], on_progress)
    except (BrokenDeviceError, ServiceError, TransientError):
        raise
    except Exception as error:
        return _blame(error)
    readings.read.extend(zip(part, recognitions, strict=True))
    return None


def _blame(error: Exception) -> DocumentError:
    """Why the document failed; of an unforeseen error only its kind is told, for it may quote the text."""
    if isinstance(error, DocumentError):
        return error
    if is_out_of_memory(error):
        return DocumentError("out_of_memory", "The document does not fit into memory, even alone.")
    if _is_broken_device(error):
        raise BrokenDeviceError(type(error).__name__) from None
    where = traceback.extract_tb(error.__traceback__)[-1]
    _log.error(
        "recognition failed",
        extra={"exception": type(error).__name__, "at": f"{where.filename}:{where.lineno}"},
    )
    return DocumentError(
        "internal_error", f"{type(error).__name__} while the document was read; see the worker's log."
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory of the machine or of the GPU ran out; told without importing torch."""
    if isinstance(error, MemoryError) or any(c.__name__ == "OutOfMemoryError" for c in type(error).__mro__):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _MEMORY_WORDS)


def _is_broken_device(error: BaseException) -> bool:
    by_class = any(c.__name__ == "AcceleratorError" for c in type(error).__mro__)
    return by_class or (isinstance(error, RuntimeError) and str(error).startswith("CUDA error"))
