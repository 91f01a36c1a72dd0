"""Paragraphs and rows of RTF, where a table is what paragraphs marked as being in one make."""

from __future__ import annotations

from worker.documents.formats.blocks import LINE, PARAGRAPH
from worker.documents.formats.tables import Tables


class Flow:
    """The text of the body, or of a header, a footnote or a text box."""

    def __init__(self) -> None:
        self._tables = Tables()
        self._has_table = False
        self._has_cell = False

    def put(self, text: str, in_table: bool) -> None:
        """Text of the paragraph that is open."""
        self._enter(in_table)
        self._tables.blocks.put(text)

    def end_paragraph(self, in_table: bool) -> None:
        """The paragraph is complete."""
        self._enter(in_table)
        self._tables.blocks.end(LINE if in_table else PARAGRAPH)

    def end_cell(self) -> None:
        """The cell is complete."""
        self._enter(True)
        self._tables.end_cell()
        self._has_cell = False

    def end_row(self) -> None:
        """The row is complete."""
        if self._has_table:
            self._close_cell()
            self._tables.end_row()
        else:
            self._tables.blocks.end(LINE)

    def hang(self, text: str) -> None:
        """What hangs on the paragraph that is open."""
        self._tables.blocks.hang(text)

    def text(self) -> str:
        """All of it."""
        self._enter(False)
        return self._tables.text()

    def _enter(self, in_table: bool) -> None:
        if in_table and not self._has_table:
            self._tables.begin_table()
        if in_table and not self._has_cell:
            self._tables.begin_cell()
            self._has_cell = True
        if self._has_table and not in_table:
            self._close_cell()
            self._tables.end_table()
        self._has_table = in_table

    def _close_cell(self) -> None:
        if self._has_cell:
            self._tables.end_cell()
            self._has_cell = False
