"""Text built of blocks: each begins on a line of its own, paragraphs with a blank line between.

The rule is that of browsers for `innerText`: a paragraph asks for a blank line before and after it, another block for
a line end; cells of a table are parted by a tab, its rows by a line end. What only begins a new block adds nothing.
"""

from __future__ import annotations

import re

from worker.text import storable

LINE = 1
PARAGRAPH = 2
#: Asked for where a word may break; it is not seen, and would cut names in two.
_SOFT_HYPHEN = "\u00ad"
_SPACES = " \t\r"
_BEFORE_LINE_END = re.compile(rf"(?<![{_SPACES}])[{_SPACES}]+(?=\n)")
_BLANK_LINES = re.compile(r"\n{3,}")


class Blocks:
    """Collects text; `end` says that a block ends or begins here. Empty blocks leave no trace."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._pending = 0
        self._hanging: list[str] = []

    @property
    def is_at_start(self) -> bool:
        """Whether what is put next begins a line."""
        return not self._parts or self._pending > 0 or self._parts[-1].endswith("\n")

    def put(self, text: str) -> None:
        """Text of the current block; a line end in it is one in the document."""
        if not text:
            return
        if self._pending and self._parts:
            self._parts.append("\n" * self._pending)
        self._pending = 0
        self._parts.append(text)

    def end(self, lines: int) -> None:
        """Of all the ends between two texts the one that asks for most line ends counts."""
        self._pending = max(self._pending, lines)
        for text in self._hanging:
            self._pending = PARAGRAPH
            self._parts += ["\n" * PARAGRAPH, text] if self._parts else [text]
        self._hanging = []

    def hang(self, text: str) -> None:
        """Text that hangs on the current block (a text box) and stands after it, as a paragraph of its own."""
        if text:
            self._hanging.append(text)

    def text(self) -> str:
        """All of it, without white space at line ends, and never with two blank lines after one another."""
        self.end(LINE)
        text = _BEFORE_LINE_END.sub("", "".join(self._parts).replace(_SOFT_HYPHEN, ""))
        return storable(_BLANK_LINES.sub("\n\n", text).strip("\n").rstrip(_SPACES))


class Rows:
    """The cells of one table, row by row; a cell without text is left out.

    Cells are parted by tabs. Where one of a row has several lines, each cell of the row begins a line: what stands side
    by side in two columns is not read across them.
    """

    def __init__(self) -> None:
        self._rows: list[list[str]] = [[]]

    def end_cell(self, cell: Blocks) -> None:
        """Add the cell's text to the row."""
        if text := cell.text():
            self._rows[-1].append(text)

    def end_row(self) -> None:
        """What is added next is in the next row."""
        self._rows.append([])

    def text(self) -> str:
        """The text of the table."""
        table = Blocks()
        for row in self._rows:
            lines = PARAGRAPH if any("\n\n" in cell for cell in row) else LINE
            table.end(lines)
            separator = "\n" * lines if any("\n" in cell for cell in row) else "\t"
            table.put(separator.join(row))
            table.end(lines)
        return table.text()
