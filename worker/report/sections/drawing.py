"""What the charts of the page have in common."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from worker.html.section import Section, Table, drawn
from worker.html.svg import Frame

#: Two charts lie side by side on a desk.
_WIDTHS = {"wide": 470, "narrow": 350}
#: Classes of colours of labels; where there are more labels, the first colours come again.
N_COLOURS = 8


def colour(label_number: int) -> str:
    """The class of a label, by its place among the labels."""
    return f"c{label_number % N_COLOURS}"


def make_section(
    name: str, heading: str, sentence: str, draw: Callable[[Frame], Markup], table: Table
) -> Section:
    """A chart with its sentence and its numbers."""
    return Section(name, heading, sentence, drawn(name, heading, sentence, draw, _WIDTHS), table)
