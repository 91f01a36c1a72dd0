"""One count a row, as a bar behind its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from worker.html.svg import Frame, element, group, shortened, text, text_width
from worker.html.wording import whole

_ROW = 30
_BAR = 18
#: Of the width, what names may take.
_MOST_FOR_NAMES = 0.42


@dataclass(frozen=True, slots=True)
class Row:
    """A count; `class_` gives its bar a colour, `hint` is said where the pointer rests."""

    name: str
    n: int
    class_: str
    hint: str


def draw_rows(frame: Frame, rows: Sequence[Row]) -> Markup:
    """The bars on one scale from 0, each with its count behind it."""
    left = min(max(text_width(row.name) for row in rows) + 14, frame.width * _MOST_FOR_NAMES)
    right = max(text_width(whole(row.n)) for row in rows) + 10
    largest = max(1, *(row.n for row in rows))
    scale = (frame.width - left - right) / largest
    return frame.draw(_ROW * len(rows) + 4, _rows(frame, rows, left, scale))


def _rows(frame: Frame, rows: Sequence[Row], left: float, scale: float) -> Iterator[Markup]:
    for number, row in enumerate(rows):
        y = 2 + _ROW * (number + 0.5)
        width = max(row.n * scale, 1.5)
        yield group(
            row.hint,
            element("rect", x=0, y=y - _ROW / 2, width=frame.width, height=_ROW, class_="row"),
            text(left - 10, y + 5, shortened(row.name, left - 12), "name", "end"),
            element("rect", x=left, y=y - _BAR / 2, width=width, height=_BAR, rx=2, class_=row.class_),
            text(left + width + 7, y + 5, whole(row.n), "value"),
        )
