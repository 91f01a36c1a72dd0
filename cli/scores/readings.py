"""The scores when less is asked of an entity, and as conlleval counts."""

from __future__ import annotations

from cli import output
from cli.render import Column, render_rows
from cli.scores.figures import RATIOS, Figures

#: What counts as found in each reading.
_READINGS = {
    "strict": "span and label are right",
    "exact": "the span is right, whatever the label",
    "partial": "spans overlap, half a point; whatever the label",
    "type": "the label is right, spans overlap",
}


def print_readings(figures: Figures) -> None:
    """Write a row a reading."""
    output.write("\nOther readings of right (SemEval 2013), and conlleval's\n")
    matches = [
        {"reading": name, **figures["matching"][name], "means": means} for name, means in _READINGS.items()
    ]
    conlleval = {
        "reading": "conlleval",
        **figures["conlleval"],
        "means": "as strict; an I- may begin an entity",
    }
    columns = (Column("reading"), *RATIOS, Column("means"))
    render_rows([*matches, conlleval], columns, "table", "")
