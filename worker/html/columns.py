"""How many there are of each size: columns side by side, of classes of one width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from worker.html.svg import Frame, Scale, element, group, line, text

_TOP = 22
_HEIGHT = 170
_BELOW = 46
_SIDE = 14


@dataclass(frozen=True, slots=True)
class Column:
    """How many lie between two values."""

    low: float
    high: float
    n: int
    hint: str


def draw_columns(frame: Frame, columns: Sequence[Column], axis: str) -> Markup:
    """The columns over an axis that is named; those with room for it have their count above them."""
    bottom = _TOP + _HEIGHT
    x = Scale(columns[0].low, columns[-1].high, _SIDE, frame.width - _SIDE)
    y = Scale(0, max(1, *(column.n for column in columns)), bottom, _TOP)
    parts = [*_columns(columns, x, y), line(x.start, bottom, x.end, bottom, "axis")]
    parts += [text(x(tick), bottom + 18, f"{tick:g}", "tick", "middle") for tick in x.ticks(6)]
    parts.append(text((x.start + x.end) / 2, bottom + 38, axis, "tick", "middle"))
    return frame.draw(bottom + _BELOW, parts)


def _columns(columns: Sequence[Column], x: Scale, y: Scale) -> Iterator[Markup]:
    for column in columns:
        left, right = x(column.low) + 1, x(column.high) - 1
        top = min(y(column.n), y.start - 1.5) if column.n else y.start
        parts = [element("rect", x=left, y=_TOP, width=right - left, height=_HEIGHT, class_="row")]
        if column.n:
            parts += [
                element("rect", x=left, y=top, width=right - left, height=y.start - top, class_="part-0"),
                text((left + right) / 2, top - 5, _short(column.n), "tick small", "middle"),
            ]
        yield group(column.hint, *parts)


def _short(n: int) -> str:
    """A count of at most four characters."""
    for unit, size in (("", 1), ("k", 1_000), ("M", 1_000_000)):
        if n < 999.5 * size:
            return f"{n / size:.{int(unit != '' and n < 9.95 * size)}f}{unit}"
    return f"{n / 1e9:.0f}G"
