"""Parts of a whole, one bar a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from worker.html.svg import Frame, element, group, shortened, text, text_width
from worker.html.wording import whole

_ROW = 42
_BAR = 24
_LEGEND_LINE = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """Counts by part, and what stands behind the bar."""

    name: str
    parts: Mapping[str, int]
    value: str


def draw_bars(frame: Frame, bars: Sequence[Bar], parts: Sequence[str]) -> Markup:
    """The bars on one scale, the parts in the order given; the class of a part's colour is `part-N`.

    A part that no bar has is not in the legend.
    """
    legend = list(_legend(frame, parts, bars))
    top = 10 + _LEGEND_LINE * (1 + max(line for _, line in legend))
    left = min(max(text_width(bar.name) for bar in bars) + 14, frame.width * 0.36)
    right = max(text_width(bar.value) for bar in bars) + 14
    largest = max(1, *(sum(bar.parts.values()) for bar in bars))
    scale = (frame.width - left - right) / largest
    drawn = [markup for markup, _ in legend]
    for row, bar in enumerate(bars):
        y = top + _ROW * (row + 0.5)
        drawn.append(text(left - 8, y + 5, shortened(bar.name, left - 8), "name", "end"))
        drawn.extend(_bar(bar, parts, left, y - _BAR / 2, scale))
        drawn.append(text(frame.width - 2, y + 5, bar.value, "value", "end"))
    return frame.draw(top + _ROW * len(bars) + 4, drawn)


def _bar(bar: Bar, parts: Sequence[str], left: float, y: float, scale: float) -> Iterator[Markup]:
    x = left
    for number, part in enumerate(parts):
        n = bar.parts.get(part, 0)
        width = n * scale
        if n == 0:
            continue
        marks = [
            element("rect", x=x, y=y, width=max(width - 1.5, 1), height=_BAR, rx=2, class_=f"part-{number}")
        ]
        if width > text_width(whole(n)) + 8:
            marks.append(text(x + width / 2, y + 17, whole(n), f"on-part-{number}", "middle"))
        yield group(f"{bar.name}: {whole(n)} {part}", *marks)
        x += width


def _legend(frame: Frame, parts: Sequence[str], bars: Sequence[Bar]) -> Iterator[tuple[Markup, int]]:
    """A swatch and a word for each part, and the line of text that they are in."""
    x, row = 0.0, 0
    for number, part in enumerate(parts):
        if not any(bar.parts.get(part) for bar in bars):
            continue
        width = 20 + text_width(part) + 16
        if x and x + width > frame.width:
            x, row = 0.0, row + 1
        y = 6 + _LEGEND_LINE * row
        swatch = element("rect", x=x + 1, y=y, width=13, height=13, rx=2, class_=f"part-{number}")
        yield element("g", swatch, text(x + 20, y + 11.5, part, "tick")), row
        x += width
