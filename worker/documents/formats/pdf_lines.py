"""A page of a PDF -> its lines and where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import c_double
from itertools import pairwise
from math import hypot
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from worker.documents.formats.paragraphs import Edge, Line
from worker.text import storable

_LINE_END = "\r\n"
_NOWHERE = Edge(0.0, 0.0, 0.0)
#: A gap in a line that is wider, in sizes of the font, is one between columns of a table.
_MAX_GAP = 1.5
_MAX_RECTS = 50


def read_lines(textpage: Any) -> Iterator[Line]:
    """The lines of the page in PDFium's order, without those that are blank."""
    position = 0
    for line in storable(textpage.get_text_range()).split(_LINE_END):
        text = line.strip()
        if text:
            start = position + len(line) - len(line.lstrip())
            yield _line(textpage, text, start)
        position += len(line) + len(_LINE_END)


def _line(textpage: Any, text: str, start: int) -> Line:
    """A line, of which `start` is the first character's place in the text."""
    first, last, word_end = (
        pdfium.FPDFText_GetCharIndexFromTextIndex(textpage, start + offset)
        for offset in (0, len(text) - 1, len(text.split(maxsplit=1)[0]) - 1)
    )
    try:
        left, _, _, _ = textpage.get_charbox(first, loose=True)
        _, _, right, _ = textpage.get_charbox(last, loose=True)
        _, _, word_right, _ = textpage.get_charbox(word_end, loose=True)
    except pypdfium2.PdfiumError:  # a character that stands nowhere
        return Line(text, _NOWHERE, _NOWHERE)
    begin, end = _edge(textpage, first, left), _edge(textpage, last, right)
    is_whole = abs(_edge(textpage, word_end, left).baseline - begin.baseline) < begin.size / 2
    return Line(
        text,
        begin,
        end,
        first_word=word_right - left if is_whole else 0.0,
        is_row=_has_gap(textpage, first, last, begin.size),
    )


def _edge(textpage: Any, index: int, x: float) -> Edge:
    """Where a character stands. Boxes are higher for letters that hang below the line, baselines are not."""
    y, matrix = c_double(), pdfium.FS_MATRIX()
    pdfium.FPDFText_GetCharOrigin(textpage, index, c_double(), y)
    pdfium.FPDFText_GetMatrix(textpage, index, matrix)
    return Edge(x, y.value, pdfium.FPDFText_GetFontSize(textpage, index) * hypot(matrix.c, matrix.d))


def _has_gap(textpage: Any, first: int, last: int, size: float) -> bool:
    """Whether characters next to one another in the line stand far apart."""
    n_rects = min(textpage.count_rects(first, last + 1 - first), _MAX_RECTS)
    rects = [textpage.get_rect(i) for i in range(n_rects)]
    for (_, bottom, right, top), (left, next_bottom, _, next_top) in pairwise(rects):
        is_beside = next_bottom < top and bottom < next_top
        if is_beside and left - right > _MAX_GAP * size:
            return True
    return False
