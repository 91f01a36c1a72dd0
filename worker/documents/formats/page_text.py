"""Text of a format in which white space in the source is only a space, while its elements come by."""

from __future__ import annotations

import re

from worker.documents.formats.tables import Tables

_SPACE = re.compile(r"[ \t\n\r\f]+")


class PageText(Tables):
    """Takes the text between tags."""

    def __init__(self) -> None:
        super().__init__()
        self.n_preserved = 0  #: open elements in which white space counts
        self._has_space = False  # between the last word and the next, if both are on one line

    def put(self, text: str) -> None:
        """Text as it stands in the source."""
        if self.n_preserved:
            self.put_exactly(text.replace("\r\n", "\n").replace("\r", "\n"))
            return
        text = _SPACE.sub(" ", text)
        self._has_space |= text.startswith(" ")
        if words := text.strip(" "):
            self.put_exactly(words)
            self._has_space = text.endswith(" ")

    def put_exactly(self, text: str) -> None:
        """Text in which white space counts."""
        self.blocks.put(" " + text if self._has_space and not self.blocks.is_at_start else text)
        self._has_space = False

    def break_line(self) -> None:
        """A line ends within a block."""
        self._has_space = False
        self.blocks.put("\n")

    def end(self, lines: int) -> None:
        """A block begins or ends, with so many line ends to its neighbour; 0: none does."""
        if lines:
            self._has_space = False
            self.blocks.end(lines)

    def begin_cell(self) -> None:
        """As for every table; a space before it counts for nothing."""
        self._has_space = False
        super().begin_cell()

    def end_cell(self) -> None:
        """As for every table; a space at its end counts for nothing."""
        self._has_space = False
        super().end_cell()
