"""Blocks, tables in tables and what stands aside (text boxes, notes), while their beginnings and ends come by."""

from __future__ import annotations

from worker.documents.formats.blocks import LINE, PARAGRAPH, Blocks, Rows


class Tables:
    """Keeps what is open, innermost last. `blocks` is where text goes now."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self._outer: list[tuple[Blocks, bool]] = []
        self._tables: list[Rows] = []
        self.is_in_cell = False

    def begin_table(self) -> None:
        """Rows that come now are its rows, until it ends."""
        self._tables.append(Rows())

    def begin_cell(self) -> None:
        """Text that comes now is in the cell, until it ends."""
        self._push(is_in_cell=True)

    def end_cell(self) -> None:
        """The cell is complete."""
        cell = self._pop()
        if self._tables:
            self._tables[-1].end_cell(cell)
        else:
            self.blocks.put(cell.text())
            self.blocks.end(LINE)

    def end_row(self) -> None:
        """The row is complete."""
        if self._tables:
            self._tables[-1].end_row()

    def end_table(self) -> None:
        """The table is complete."""
        self.blocks.end(PARAGRAPH)
        self.blocks.put(self._tables.pop().text())
        self.blocks.end(PARAGRAPH)

    def begin_aside(self) -> None:
        """Text that comes now stands after the block in which it hangs."""
        self._push(is_in_cell=False)

    def end_aside(self) -> None:
        """What stands aside is complete."""
        text = self.take_aside()
        self.blocks.hang(text)

    def take_aside(self) -> str:
        """What stands aside is complete, and is to stand somewhere else."""
        return self._pop().text()

    def text(self) -> str:
        """All of it."""
        return self.blocks.text()

    def _push(self, is_in_cell: bool) -> None:
        self._outer.append((self.blocks, self.is_in_cell))
        self.blocks, self.is_in_cell = Blocks(), is_in_cell

    def _pop(self) -> Blocks:
        inner = self.blocks
        self.blocks, self.is_in_cell = self._outer.pop()
        return inner
