"""Rows as lines of CSV (RFC 4180, but lines end in LF), safe for a spreadsheet where that is asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

#: With this one, the csv writer puts both characters into quotes where a cell holds them; lines end with \n only.
_LINE_END = "\r\n"
#: What a spreadsheet takes for the start of a formula; East Asian ones take the wide forms, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_lines(
    rows: Iterable[Mapping[str, Any]], keys: Sequence[str], is_excel_safe: bool = False
) -> Iterator[str]:
    """The heading and a line a row, without the ends of lines; a cell may hold some.

    `is_excel_safe` puts a ' before a cell that a spreadsheet would run as a formula.
    """
    line = io.StringIO()
    writer = csv.writer(line, lineterminator=_LINE_END)
    writer.writerow(keys)
    for row in chain([None], rows):
        if row is not None:
            writer.writerow([_cell(row[key], is_excel_safe) for key in keys])
        yield line.getvalue().removesuffix(_LINE_END)
        line.seek(0)
        line.truncate()


def _cell(value: object, is_excel_safe: bool) -> object:
    if is_excel_safe and isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value
