"""How a table in text form is written: what separates its columns, and how a cell may hold that or a newline."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

_DELIMITERS: Final = (",", ";", "\t", "|")
#: A cell in quotes, with quotes in it doubled; with a backslash before them; or no quoting at all.
_QUOTED: Final[dict[str, Any]] = {"strict": True}
_ESCAPED: Final[dict[str, Any]] = {"strict": True, "doublequote": False, "escapechar": "\\"}
_PLAIN: Final[dict[str, Any]] = {"quoting": csv.QUOTE_NONE}

_CUT: Final = "unexpected end of data"

# Texts are bounded by `max_file_bytes`, which is said in better words.
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of writing tables."""

    delimiter: str
    quoting: tuple[tuple[str, Any], ...] = tuple(_QUOTED.items())

    def rows(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The cells of each row. Raises csv.Error for a bad one, and goes on with the next when asked again."""
        return csv.reader(lines, delimiter=self.delimiter, **dict(self.quoting))


def find_dialect(sample: Sequence[str], delimiter: str | None, is_tab_separated: bool) -> Dialect:
    """The dialect in which the sample, whole lines from the start of a table, makes the best sense."""
    delimiters: Sequence[str] = _DELIMITERS
    if delimiter is not None:
        delimiters = (delimiter,)
    elif is_tab_separated and any("\t" in line for line in sample):
        delimiters = ("\t",)
    ways = [_QUOTED]
    if any('\\"' in line for line in sample):  # else it would only be less strict
        ways.append(_ESCAPED)
    if delimiters == ("\t",):
        ways.append(_PLAIN)
    candidates = [Dialect(mark, tuple(way.items())) for mark in delimiters for way in ways]
    return max(candidates, key=lambda dialect: _fit(dialect, sample))  # of equals the first


def _fit(dialect: Dialect, sample: Sequence[str]) -> tuple[bool, float, int]:
    """Whether there are columns at all, the share of rows that are as wide as the first one, and that width."""
    widths = list(_widths(dialect.rows(sample)))
    width = next((width for width in widths if width), 0)
    return width > 1, widths.count(width) / max(1, len(widths)), width


def _widths(rows: Iterator[list[str]]) -> Iterator[int]:
    """The number of cells of each row; 0 for a bad one. Blank lines are none."""
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            if str(error) == _CUT:  # the sample ends inside a cell
                return
            yield 0
            continue
        if row is None:
            return
        if row:
            yield len(row)
