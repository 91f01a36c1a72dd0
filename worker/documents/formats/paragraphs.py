"""Lines on a page -> paragraphs: a line end at which a paragraph goes on is only a space.

Whoever sets a page breaks a line where the next word no longer fits. Whether it would have fitted is known where the
widths are known, as they are on a page; in characters of a text they are not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a line begins or ends, in points from the lower left of the page."""

    x: float
    baseline: float
    size: float  #: of the font


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page; of more than one on the page, where words are broken at their ends."""

    text: str
    start: Edge
    end: Edge
    first_word: float = 0.0  #: its width
    is_row: bool = False  #: of a table: with gaps in it as no space is


#: In sizes of the font.
_MIN_DROP, _MAX_DROP, _MIN_WIDTH, _SPACE = 0.3, 3.0, 11.0, 0.25
_SIZES = (0.87, 1.15)  #: letters of one paragraph are of one size
_LOOSER = 1.25  #: a gap that is so much larger than usual parts paragraphs
_ITEM = re.compile(
    r"(?:[-*•·–—▪◦\uf0b7]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)])\s|(?:ARTICLE|Article|SECTION|Section)\s+[\dIVX]"
)
_BROKEN_END = re.compile(r"\w[.]?[-\u2010]$")
#: Scripts that are written without spaces.
_UNSPACED = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


def join_lines(lines: Sequence[Line]) -> str:
    """The text of the page: a space, a line end or, between paragraphs, a blank line between any two lines."""
    if not lines:
        return ""
    pitch = _usual_pitch(lines)
    is_near = [_is_near(before, line, pitch) for before, line in pairwise(lines)]
    rights = _right_edges(lines, is_near)
    parts = [lines[0].text]
    for (before, line), near, right in zip(pairwise(lines), is_near, rights, strict=True):
        parts += [_separator(before, line, near, right), line.text]
    return "".join(parts)


def _usual_pitch(lines: Sequence[Line]) -> float:
    """The usual distance of two lines, in sizes of the font."""
    drops = [_drop(before, line) for before, line in pairwise(lines)]
    return median([drop for drop in drops if _MIN_DROP < drop < _MAX_DROP] or [1.0])


def _drop(before: Line, line: Line) -> float:
    size = max(before.end.size, line.start.size)
    return (before.end.baseline - line.start.baseline) / size if size > 0 else 0.0


def _is_near(before: Line, line: Line, pitch: float) -> bool:
    """Whether a line stands below the one before as the lines of a paragraph do."""
    is_below = _MIN_DROP < _drop(before, line) <= pitch * _LOOSER and line.start.x < before.end.x
    return is_below and _is_same_size(before, line)


def _right_edges(lines: Sequence[Line], is_near: Sequence[bool]) -> list[float]:
    """For every two lines, how far the longest line of the block reaches that the first of them is in."""
    edges: list[float] = []
    first = 0
    for last in range(len(lines)):
        if last == len(lines) - 1 or not is_near[last]:
            edges += [max(line.end.x for line in lines[first : last + 1])] * (last + 1 - first)
            first = last + 1
    return edges[:-1]


def _separator(before: Line, line: Line, near: bool, right: float) -> str:
    if (near or _is_next_column(before, line)) and _goes_on(before, line, right):
        return _space(before.text, line.text)
    if abs(_drop(before, line)) < _MIN_DROP or near:
        return "\n"
    return "\n\n"


def _is_next_column(before: Line, line: Line) -> bool:
    return line.start.x > before.end.x and _drop(before, line) < -1 and _is_same_size(before, line)


def _is_same_size(before: Line, line: Line) -> bool:
    return before.end.size > 0 and _SIZES[0] < line.start.size / before.end.size < _SIZES[1]


def _goes_on(before: Line, line: Line, right: float) -> bool:
    """Whether the first word of a line would not have fitted into the line before."""
    size = before.end.size
    is_full = before.end.x + _SPACE * size + line.first_word > right
    is_wide = right - before.start.x > _MIN_WIDTH * size
    is_heading = before.text.isupper() != line.text.isupper()
    return is_full and is_wide and not (is_heading or before.is_row or line.is_row or _ITEM.match(line.text))


def _space(before: str, text: str) -> str:
    if _BROKEN_END.search(before):
        # PDFium marks those between letters; at the others (`1999-`, `U.S.-`) the hyphen belongs to the word.
        return ""
    return "" if _UNSPACED.match(before[-1]) and _UNSPACED.match(text[0]) else " "
