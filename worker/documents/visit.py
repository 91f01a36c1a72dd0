"""The way through one file and what is in it, as units: a process that goes it anew leaves out what was read before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from worker.errors import DocumentError


class NeedsReaderError(Exception):
    """The file is to be read in a process of its own; nothing of it was read yet."""


@dataclass(slots=True)
class Visit:
    """Counts units: a file, or each member of an archive after the archive itself.

    What is given in units before `start` was given before.
    """

    start: int = 0
    failed: Mapping[int, DocumentError] = field(default_factory=dict)  #: units that may not be tried again
    on_enter: Callable[[int], None] = lambda _: None
    #: Asked with the media type and the size of a file before it is read. May raise NeedsReaderError.
    admit: Callable[[str, int | None], None] = lambda _kind, _size: None
    unit: int = -1

    @property
    def is_passing(self) -> bool:
        """Whether what the unit gives was given before, so that nothing is worth an effort."""
        return self.unit < self.start

    def enter(self) -> None:
        """Begin the next unit.

        Raises:
            DocumentError: it is one of the failed.
        """
        self.unit += 1
        if self.unit in self.failed:
            raise self.failed[self.unit]
        if not self.is_passing:
            self.on_enter(self.unit)
