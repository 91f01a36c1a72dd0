"""The chart of a run: a bar for each row and corpus, as long as it is fast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from markupsafe import Markup

from cli.quantity import count
from worker.html.svg import Frame, element, shortened, text

_WIDTH: Final = 760
_LEFT: Final = 310
_RIGHT: Final = 150
_ROW: Final = 26
_BAR: Final = 16
_STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #1f2933 }
.title { font-weight: 600; font-size: 15px }
.ours { fill: #1b6ca8 }
.theirs { fill: #9aa5b1 }
.paper { fill: #ffffff }
"""


def draw_chart(report: Mapping[str, Any]) -> str:
    """A whole SVG file."""
    machine = report["machine"]
    frame = Frame(
        "speed",
        "Pieces a second",
        f"How fast each row reads, on {machine['cpu']}, {machine['threads']} threads",
        _WIDTH,
    )
    parts: list[Markup] = []
    y = 12.0
    for corpus in report["corpora"]:
        drawn, y = _panel(corpus, y)
        parts += drawn
    parts.append(text(8, y + 16, f"{machine['cpu']}, {machine['threads']} threads, nerq {machine['nerq']}"))
    height = y + 28
    paper = element("rect", x=0, y=0, width=_WIDTH, height=height, class_="paper")
    style = element("style", Markup(_STYLE))  # noqa: S704 - our own
    chart = str(frame.draw(height, [style, paper, *parts]))
    return chart.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def _panel(corpus: Mapping[str, Any], top: float) -> tuple[list[Markup], float]:
    title = f"{corpus['name']}: {count(corpus['n_documents'], 'document')}, pieces a second"
    fastest = max(row["pieces_per_s"] for row in corpus["rows"])
    drawn = [text(8, top + 14, title, "title")]
    y = top + 26
    for row in sorted(corpus["rows"], key=lambda row: -row["pieces_per_s"]):
        drawn += _bar(row, y, (_WIDTH - _LEFT - _RIGHT) / fastest)
        y += _ROW
    return drawn, y + 14


def _bar(row: Mapping[str, Any], y: float, scale: float) -> Iterator[Markup]:
    width = max(1.0, row["pieces_per_s"] * scale)
    yield text(_LEFT - 8, y + 13, shortened(row["name"], _LEFT - 16), anchor="end")
    kind = "ours" if row["key"].startswith("nerq") else "theirs"
    yield element("rect", x=_LEFT, y=y, width=width, height=_BAR, rx=2, class_=kind)
    times = f" ({row['times_pipeline']:.1f}x)" if "times_pipeline" in row else ""
    yield text(_LEFT + width + 6, y + 13, f"{row['pieces_per_s']:,.0f}{times}")
