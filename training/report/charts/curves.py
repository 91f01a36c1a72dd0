"""Precision, recall and F1 by the score below which entities are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from worker.html.svg import Frame, Scale, element, group, line, round_range, text, text_width
from worker.html.wording import percent, score

_SERIES = (("precision", "precision"), ("recall", "recall"), ("f1", "F1"))
_LEFT = 46
_TOP = 34
_NAMES = 96
#: Pixels between the base lines of two names.
_NAME = 18


def draw_curves(frame: Frame, curve: Sequence[Mapping[str, Any]], best: Mapping[str, Any]) -> Markup:
    """Three lines, named at their right end, and the best F1 marked."""
    bottom = _TOP + (250 if frame.is_narrow else 300)
    low, high = round_range([point[key] for point in curve for key, _ in _SERIES])
    x = Scale(0, max(0.1, *(point["threshold"] for point in curve)), _LEFT, frame.width - _NAMES)
    y = Scale(low, high, bottom, _TOP)
    parts = [*_axes(x, y, 4 if frame.is_narrow else 6)]
    parts += [
        element("path", d=_path(curve, key, x, y), class_=f"curve {key}", fill="none") for key, _ in _SERIES
    ]
    parts += _names(curve[-1], x, y)
    parts.append(_best(best, x, y, frame))
    parts.append(text((x.start + x.end) / 2, bottom + 40, "least score that is kept", "tick", "middle"))
    return frame.draw(bottom + 50, parts)


def _axes(x: Scale, y: Scale, n_ticks: int) -> Iterator[Markup]:
    for tick in y.ticks(6):
        yield line(x.start, y(tick), x.end, y(tick), "grid")
        yield text(x.start - 8, y(tick) + 4, f"{100 * tick:g}", "tick", "end")
    for tick in x.ticks(n_ticks):
        yield line(x(tick), y.start, x(tick), y.start + 5, "axis")
        yield text(x(tick), y.start + 20, f"{tick:g}", "tick", "middle")
    yield line(x.start, y.start, x.end, y.start, "axis")
    middle = (y.start + y.end) / 2
    yield element(
        "text",
        "percent",
        x=12,
        y=middle,
        class_="tick",
        text_anchor="middle",
        transform=f"rotate(-90 12 {middle:.1f})",
    )


def _path(curve: Sequence[Mapping[str, Any]], key: str, x: Scale, y: Scale) -> str:
    # A point every half pixel is all that can be seen.
    drawn: list[str] = []
    last = -1.0
    for number, point in enumerate(curve):
        at = x(point["threshold"])
        if number in (0, len(curve) - 1) or at - last >= 0.5:
            drawn.append(f"{at:.1f} {y(point[key]):.1f}")
            last = at
    return "M" + "L".join(drawn)


def _names(last: Mapping[str, Any], x: Scale, y: Scale) -> Iterator[Markup]:
    """The name of each line beside its end, moved apart where they would lie on each other."""
    places = sorted((y(last[key]), key, name) for key, name in _SERIES)
    heights = [place for place, _, _ in places]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + _NAME)
    if (over := heights[-1] - y.start) > 0:
        heights[-1] -= over
        for i in range(len(heights) - 2, -1, -1):
            heights[i] = min(heights[i], heights[i + 1] - _NAME)
    for height, (_, key, name) in zip(heights, places, strict=True):
        yield text(x.end + 9, height + 5, name, f"series {key}")


def _best(best: Mapping[str, Any], x: Scale, y: Scale, frame: Frame) -> Markup:
    at, name = x(best["threshold"]), f"best F1 {percent(best['f1'])} at {score(best['threshold'])}"
    half = text_width(name) / 2
    middle = min(max(at, half), frame.width - half)
    return group(
        name,
        line(at, _TOP - 8, at, y.start, "reference"),
        element("circle", cx=at, cy=y(best["f1"]), r=6, class_="dot strong"),
        text(middle, _TOP - 16, name, "value", "middle"),
    )
