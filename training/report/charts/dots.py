"""One dot a row, with its interval: labels, windows, a difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from worker.html.svg import (
    Frame,
    Scale,
    element,
    group,
    line,
    round_range,
    shortened,
    text,
    text_width,
)
from worker.html.wording import percent

ROW = 36
_AXIS = 44
_TOP = 8


@dataclass(frozen=True, slots=True)
class Dot:
    """A value in the unit of the axis, and the interval that it lies in, if known."""

    name: str
    value: float
    interval: tuple[float, float] | None = None
    is_strong: bool = False
    hint: str = ""

    @property
    def values(self) -> tuple[float, ...]:
        """All that the axis must hold."""
        return (self.value, *(self.interval or ()))


def draw_dots(
    frame: Frame,
    dots: Sequence[Dot],
    axis: str,
    *,
    zero: bool = False,
    shown: Callable[[float], str] = percent,
) -> Markup:
    """The dots, each with its name before it and its value behind it; `zero` marks the place of no difference."""
    values = [value for dot in dots for value in dot.values]
    low, high = round_range([*values, 0.0], -1.0) if zero else round_range(values)
    left = min(max(text_width(dot.name) for dot in dots) + 14, frame.width * 0.36)
    scale = Scale(low, high, left + 10, frame.width - 66)
    bottom = _TOP + ROW * len(dots)
    parts = [*_axis(scale, bottom, axis, 4 if frame.is_narrow else 7)]
    if zero:
        parts.append(line(scale(0), _TOP, scale(0), bottom, "reference"))
    for row, dot in enumerate(dots):
        parts.append(_row(frame, dot, scale, _TOP + ROW * (row + 0.5), left, shown))
    return frame.draw(bottom + _AXIS, parts)


def _axis(scale: Scale, bottom: float, name: str, n_ticks: int) -> Iterator[Markup]:
    for tick in scale.ticks(n_ticks):
        yield line(scale(tick), _TOP, scale(tick), bottom, "grid")
        yield text(scale(tick), bottom + 18, f"{100 * tick:g}", "tick", "middle")
    yield text((scale.start + scale.end) / 2, bottom + 38, name, "tick", "middle")


def _row(
    frame: Frame, dot: Dot, scale: Scale, y: float, left: float, shown: Callable[[float], str]
) -> Markup:
    strength = "strong" if dot.is_strong else ""
    parts = [element("rect", x=0, y=y - ROW / 2, width=frame.width, height=ROW, class_="row")]
    if dot.interval:
        low, high = (scale(value) for value in dot.interval)
        parts.append(line(low, y, high, y, "whisker"))
        parts += [line(x, y - 5, x, y + 5, "whisker") for x in (low, high)]
    parts.append(
        element("circle", cx=scale(dot.value), cy=y, r=7 if dot.is_strong else 6, class_=f"dot {strength}")
    )
    parts.append(text(left - 8, y + 5, shortened(dot.name, left - 8), f"name {strength}", "end"))
    parts.append(text(frame.width - 2, y + 5, shown(dot.value), f"value {strength}", "end"))
    return group(dot.hint or f"{dot.name}: {shown(dot.value)}", *parts)
