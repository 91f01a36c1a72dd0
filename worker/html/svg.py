"""Elements, axes and scales that all charts share."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from worker.html.wording import plain

#: Pixels of a character in the labels of charts, on the wide side of what system fonts need.
_SLIM, _USUAL, _BROAD, _SQUARE = 5.0, 9.0, 11.0, 15.0


@dataclass(frozen=True, slots=True)
class Frame:
    """What a chart is called, what it says to those who do not see it, and how wide it is drawn."""

    name: str  #: unique in the page, of letters and hyphens
    title: str
    description: str
    width: int

    @property
    def is_narrow(self) -> bool:
        """Drawn for a phone."""
        return self.width < 480

    def draw(self, height: float, parts: Iterable[Markup], width: float | None = None) -> Markup:
        """The chart with its parts."""
        shown = max(self.width, width or 0)
        ids = f"{self.name}-title", f"{self.name}-description"
        return element(
            "svg",
            element("title", self.title, id=ids[0]),
            element("desc", self.description, id=ids[1]),
            *parts,
            role="img",
            aria_labelledby=" ".join(ids),
            viewBox=f"0 0 {_number(shown)} {_number(height)}",
            width=shown,
            height=height,
        )


@dataclass(frozen=True, slots=True)
class Scale:
    """Values in [low, high] on pixels from start to end."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value; one beyond the ends is put at the end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """Round values between the ends, at most so many."""
        step = _round_step((self.high - self.low) / max(most - 1, 1))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(n * step, 10) for n in range(first, last + 1)]


def round_range(values: Sequence[float], least: float = 0.0, most: float = 1.0) -> tuple[float, float]:
    """The ends of an axis on which all values have room, on round numbers."""
    low, high = min(values), max(values)
    step = _round_step(max(high - low, 0.01) / 4)
    low, high = math.floor(low / step - 0.25) * step, math.ceil(high / step + 0.25) * step
    return max(least, round(low, 10)), min(most, round(high, 10))


def element(tag: str, *children: str, **attributes: str | float | None) -> Markup:
    """An element; text and values are escaped. `class_` is class, `_` a hyphen, None leaves out."""
    written = "".join(
        f' {_attribute(name)}="{escape(_value(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = "".join(child if isinstance(child, Markup) else escape(plain(child)) for child in children)
    return Markup(f"<{tag}{written}>{inside}</{tag}>")  # noqa: S704 - its parts are escaped


def text(x: float, y: float, content: str, class_: str = "", anchor: str | None = None) -> Markup:
    """A line of text whose base line is at y; anchor: start, middle or end."""
    return element("text", content, x=x, y=y, class_=class_ or None, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def group(hint: str, *parts: Markup) -> Markup:
    """Parts that say something where the pointer rests on them."""
    return element("g", element("title", hint), *parts, class_="mark")


def text_width(content: str) -> float:
    """About the pixels that a label needs."""
    return sum(map(_character_width, plain(content)))


def _character_width(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return _SQUARE
    if character in "iljtf.,:;'|! ":
        return _SLIM
    return _BROAD if character.isupper() or character in "mw@%_…" else _USUAL


def shortened(content: str, width: float) -> str:
    """The label, cut with an ellipsis where it needs more pixels; the table beside the chart has it whole."""
    content = plain(content)
    if text_width(content) <= width:
        return content
    while content and text_width(content + "…") > width:
        content = content[:-1]
    return content + "…"


def _round_step(step: float) -> float:
    """The next larger of 1, 2, 5, 10, 20, 50, ... and their like below 1."""
    power: float = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= step * (1 - 1e-9))


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return plain(value) if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
