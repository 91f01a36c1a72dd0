"""A section of the page: a chart, the sentence that says what it shows, and its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from training.report.charts.svg import Frame
from training.report.wording import percent

#: Pixels of a chart on a desk and on a phone.
WIDTHS = {"wide": 660, "narrow": 350}

Values = Mapping[str, Any]


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


def drawn(name: str, title: str, description: str, draw: Callable[[Frame], Markup]) -> dict[str, Markup]:
    """A chart in every width."""
    return {size: draw(Frame(f"{name}-{size}", title, description, width)) for size, width in WIDTHS.items()}


def ratios(one: Values) -> list[str]:
    """Precision, recall and F1 in percent."""
    return [percent(one[key]) for key in ("precision", "recall", "f1")]
