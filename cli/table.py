"""Aligned columns that fit the terminal."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cli import output

_GAP = 2
#: A column that may be cut keeps at least this many terminal cells,
_NARROWEST = 12
#: and takes at most this many where the line may be as long as it likes; a longer cell sticks out.
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class Cell:
    """How the cells of one column are set: numbers to the right; `cut` says which end gives way."""

    right: bool = False
    cut: Literal["left", "right"] | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The widths of a table's columns, in terminal cells."""

    cells: tuple[Cell, ...]
    widths: tuple[int, ...]
    may_cut: bool

    @classmethod
    def fit(cls, cells: Sequence[Cell], rows: Sequence[Sequence[str]]) -> Layout:
        """Widths for these rows; in a terminal, wide columns that may be cut give way until a line fits."""
        widths = [max(width(row[i]) for row in rows) for i in range(len(cells))]
        if output.is_terminal():
            _shrink(widths, cells, shutil.get_terminal_size().columns)
        else:
            widths = [min(w, _WIDEST) if cell.cut else w for w, cell in zip(widths, cells, strict=True)]
        return cls(tuple(cells), tuple(widths), output.is_terminal())

    def line(self, row: Sequence[str]) -> str:
        """One row, without spaces at its end."""
        return (" " * _GAP).join(map(self._set, row, self.cells, self.widths)).rstrip()

    def _set(self, text: str, cell: Cell, n_cells: int) -> str:
        if self.may_cut and cell.cut and width(text) > n_cells:
            text = _cut(text, cell.cut, n_cells)
        padding = " " * (n_cells - width(text))
        return padding + text if cell.right else text + padding


def width(text: str) -> int:
    """Terminal cells that a text takes."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _shrink(widths: list[int], cells: Sequence[Cell], n_columns: int) -> None:
    """Take from the widest column that may be cut, one cell at a time, until the line fits."""
    excess = sum(widths) + _GAP * (len(widths) - 1) - n_columns
    while excess > 0:
        widest = max((i for i, cell in enumerate(cells) if cell.cut), key=widths.__getitem__, default=None)
        if widest is None or widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1
        excess -= 1


def _cut(text: str, end: Literal["left", "right"], n_cells: int) -> str:
    text = text[-4 * n_cells :] if end == "left" else text[: 4 * n_cells]
    while width(text) > n_cells - 1:
        text = text[1:] if end == "left" else text[:-1]
    return "…" + text if end == "left" else text + "…"
