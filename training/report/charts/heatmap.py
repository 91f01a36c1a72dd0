"""Which label was found in the place of which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from worker.html.svg import Frame, element, group, line, shortened, text, text_width
from worker.html.wording import whole

_ROW = 40
_MOST_LEFT = 150
#: The deepest shade of a cell, so that its number can be read on it.
_SHADE = 0.5


def draw_heatmap(
    frame: Frame,
    labels: Sequence[str],
    rows: Mapping[str, Mapping[str, int]],
    spurious: Mapping[str, int],
) -> Markup:
    """Gold labels down, found labels across; a cell is as dark as its share of the row is large."""
    columns = [*labels, "missed"]
    table = [(label, rows.get(label, {})) for label in labels] + [("spurious", spurious)]
    left = min(max(text_width(name) for name, _ in table) + 12, _MOST_LEFT)
    largest = max((n for _, row in table for n in row.values()), default=0)
    cell = max((frame.width - left) / len(columns), text_width(whole(largest)) + 6, 34)
    longest = max(text_width(name) for name in columns)
    is_slanted = longest > cell
    top = min(longest, _MOST_LEFT) * 0.72 + 36 if is_slanted else 50
    # A slanted heading reaches beyond its column.
    width = left + cell * len(columns)
    if is_slanted and width <= frame.width:
        cell = (frame.width - left - 40) / len(columns)
        width = frame.width
    elif is_slanted:
        width += 40
    parts = [text(left, 14, "found as →", "tick"), text(left - 8, top - 8, "gold ↓", "tick", "end")]
    for number, column in enumerate(columns):
        parts.append(_heading(left + cell * (number + 0.5), top - 10, column, is_slanted, cell))
    for number, (name, row) in enumerate(table):
        y = top + _ROW * number
        is_spurious = number == len(labels)
        kind = "aside" if is_spurious else ""
        parts.append(text(left - 8, y + 25, shortened(name, left - 8), f"name {kind}", "end"))
        total = sum(row.values())
        for place, column in enumerate(columns):
            if is_spurious and column == "missed" and place == len(labels):
                continue
            n = row.get(column, 0)
            fate = "missed" if place == len(labels) else f"found as {column}"
            hint = (
                f"{whole(n)} {fate} where gold has nothing"
                if is_spurious
                else f"{whole(n)} of {whole(total)} {name} in gold: {fate}"
            )
            right = name == column and not is_spurious and place < len(labels)
            parts.append(_cell(left + cell * place, y, cell, n, total, right, hint))
    parts.append(
        line(
            left,
            top + _ROW * len(labels) - 1,
            left + cell * len(columns),
            top + _ROW * len(labels) - 1,
            "axis",
        )
    )
    parts.append(
        line(
            left + cell * len(labels) - 1, top, left + cell * len(labels) - 1, top + _ROW * len(table), "axis"
        )
    )
    return frame.draw(top + _ROW * len(table) + 2, parts, width)


def _heading(x: float, y: float, name: str, is_slanted: bool, cell: float) -> Markup:
    kind = "name aside" if name == "missed" else "name"
    if not is_slanted:
        return text(x, y, shortened(name, cell), kind, "middle")
    return element(
        "text",
        shortened(name, _MOST_LEFT),
        x=x,
        y=y,
        class_=kind,
        transform=f"rotate(-42 {x:.1f} {y:.1f})",
    )


def _cell(x: float, y: float, size: float, n: int, total: int, is_right: bool, hint: str) -> Markup:
    shade = _SHADE * (n / total) ** 0.6 if n else 0
    kind = "right" if is_right else "wrong"
    marks = [element("rect", x=x + 1, y=y + 1, width=size - 3, height=_ROW - 3, rx=3, class_="cell")]
    if n:
        marks.append(
            element(
                "rect",
                x=x + 1,
                y=y + 1,
                width=size - 3,
                height=_ROW - 3,
                rx=3,
                class_=kind,
                fill_opacity=max(shade, 0.06),
            )
        )
    marks.append(text(x + size / 2, y + 25, whole(n) if n else "·", "value" if n else "tick", "middle"))
    return group(hint, *marks)
