"""The text of a page of HTML while its elements come by: white space collapsed, tables laid out."""

from __future__ import annotations

import re

from worker.documents.formats.blocks import Blocks, Rows

_SPACE = re.compile(r"[ \t\n\r\f]+")


class PageText:
    """Takes text and the ends of blocks; what is in a cell of a table is collected apart."""

    def __init__(self) -> None:
        self.n_preserved = 0  #: open elements in which white space counts
        self._blocks = [Blocks()]  # the page, and the cells in cells that are open
        self._tables: list[Rows] = []
        self._has_space = False  # between the last word and the next, if both are on one line

    def put(self, text: str) -> None:
        """Text as it stands in the page's source."""
        if self.n_preserved:
            self._put_word(text.replace("\r\n", "\n").replace("\r", "\n"))
            return
        text = _SPACE.sub(" ", text)
        self._has_space |= text.startswith(" ")
        if word := text.strip(" "):
            self._put_word(word)
            self._has_space = text.endswith(" ")

    def _put_word(self, text: str) -> None:
        blocks = self._blocks[-1]
        blocks.put(" " + text if self._has_space and not blocks.is_at_start else text)
        self._has_space = False

    def break_line(self) -> None:
        """A line ends within a block."""
        self._has_space = False
        self._blocks[-1].put("\n")

    def end(self, lines: int) -> None:
        """A block begins or ends, with so many line ends to its neighbour; 0: none does."""
        if lines:
            self._has_space = False
            self._blocks[-1].end(lines)

    def begin_table(self) -> None:
        """Rows that come now are its rows, until it ends."""
        self._tables.append(Rows())

    def begin_cell(self) -> None:
        """Text that comes now is in the cell, until it ends."""
        self._has_space = False
        self._blocks.append(Blocks())

    def end_cell(self) -> None:
        """The cell is complete."""
        self._has_space = False
        cell = self._blocks.pop()
        if self._tables:
            self._tables[-1].end_cell(cell)

    def end_row(self) -> None:
        """The row is complete."""
        if self._tables:
            self._tables[-1].end_row()

    def end_table(self) -> None:
        """The table is complete."""
        self._blocks[-1].put(self._tables.pop().text())

    def text(self) -> str:
        """All of it."""
        return self._blocks[0].text()
