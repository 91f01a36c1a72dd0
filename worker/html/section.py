"""A section of a page: a chart, the sentence that says what it shows, and its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from worker.html.svg import Frame

#: Pixels of a chart on a desk and on a phone.
WIDTHS = {"wide": 660, "narrow": 350}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a heading each; the first cell of a row names it."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """A chart, the sentence that says what it shows, and its numbers."""

    id: str
    heading: str
    sentence: str
    charts: Mapping[str, Markup]  #: by the name of its width
    table: Table
    is_open: bool = False  #: the table is shown at once
    note: str = ""


def drawn(
    name: str,
    title: str,
    description: str,
    draw: Callable[[Frame], Markup],
    widths: Mapping[str, int] = WIDTHS,
) -> dict[str, Markup]:
    """A chart in every width."""
    return {size: draw(Frame(f"{name}-{size}", title, description, width)) for size, width in widths.items()}
