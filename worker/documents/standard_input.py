"""Standard input as a file without a name, which is waited for only when its turn has come."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.documents.files import FoundFile
from worker.documents.formats.media_types import TEXT
from worker.documents.opening import Location
from worker.errors import DocumentError

#: The path that stands for it.
STANDARD_INPUT: Final = "-"
_LOCATION: Final = Location(Path(STANDARD_INPUT))


@dataclass(frozen=True, slots=True)
class StandardInput:
    """What is still to come; of more than `max_bytes` no more is read than shows that it is too large."""

    max_bytes: int

    def read(self) -> FoundFile:
        """Wait for its end."""
        if sys.stdin is None:
            return _unreadable("standard input is closed")
        # Whoever shares the terminal or the pipe may have told it not to wait: then a pause would look like the end.
        os.set_blocking(sys.stdin.fileno(), True)
        try:
            data = sys.stdin.buffer.read(self.max_bytes + 1)
        except OSError as error:
            return _unreadable(error.strerror or type(error).__name__)
        return FoundFile(STANDARD_INPUT, _LOCATION, TEXT, is_named=True, data=data)


def _unreadable(detail: str) -> FoundFile:
    error = DocumentError("unreadable", detail)
    return FoundFile(STANDARD_INPUT, _LOCATION, error=error, is_named=True)
