"""How often entities are right, by score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from worker.html.svg import Frame, Scale, element, group, line, text
from worker.html.wording import percent, score, whole

_LEFT = 46
_TOP = 12
_COUNTS = 76


def draw_reliability(frame: Frame, bins: Sequence[Mapping[str, Any]]) -> Markup:
    """The share of right entities over their mean score, and below it how many entities there are."""
    side = min(frame.width - _LEFT - 14, 400)
    right, bottom = frame.width - 14, _TOP + side
    x, y = Scale(0, 1, _LEFT, right), Scale(0, 1, bottom, _TOP)
    floor = bottom + 34 + _COUNTS
    filled = [one for one in bins if one["n"]]
    parts = [*_axes(x, y, floor), line(x(0), y(0), x(1), y(1), "reference")]
    parts += [
        text(
            x(0.04),
            y(0.93),
            "more often right" if frame.is_narrow else "more often right than the score says",
            "tick",
        ),
        text(x(0.98), y(0.05), "less often", "tick", "end"),
    ]
    largest = max((one["n"] for one in filled), default=1)
    for one in filled:
        parts.append(_bin(one, x, y, floor, largest))
    parts.append(text((x.start + x.end) / 2, floor + 40, "score that the model gave", "tick", "middle"))
    return frame.draw(floor + 50, parts)


def _axes(x: Scale, y: Scale, floor: float) -> Iterator[Markup]:
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        yield line(x.start, y(tick), x.end, y(tick), "grid")
        yield text(x.start - 8, y(tick) + 4, f"{100 * tick:g}", "tick", "end")
        yield text(x(tick), floor + 20, f"{tick:g}", "tick", "middle")
    yield line(x.start, floor, x.end, floor, "axis")
    middle = (y.start + y.end) / 2
    yield element(
        "text",
        "right, percent",
        x=12,
        y=middle,
        class_="tick",
        text_anchor="middle",
        transform=f"rotate(-90 12 {middle:.1f})",
    )


def _bin(one: Mapping[str, Any], x: Scale, y: Scale, floor: float, largest: int) -> Markup:
    n, mean, share = one["n"], one["mean_score"], one["share_right"]
    left, right = x(one["low"]) + 2, x(one["high"]) - 2
    height = max(_COUNTS * 0.72 * n / largest, 1.5)
    hint = (
        f"{whole(n)} {'entity' if n == 1 else 'entities'} with a score of {one['low']:g} to "
        f"{one['high']:g}: mean score {score(mean)}, right {percent(share)}"
    )
    return group(
        hint,
        line(x(mean), y(mean), x(mean), y(share), "gap"),
        element("rect", x=left, y=floor - height, width=right - left, height=height, class_="count"),
        text((left + right) / 2, floor - height - 5, _short(n), "tick small", "middle"),
        element("circle", cx=x(mean), cy=y(share), r=4 + 4 * math.sqrt(n / largest), class_="dot"),
    )


def _short(n: int) -> str:
    """A count of at most four characters."""
    return str(n) if n < 10_000 else f"{n / 1000:.0f}k" if n < 1_000_000 else f"{n / 1e6:.0f}M"
