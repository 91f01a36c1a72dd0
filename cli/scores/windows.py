"""The scores by length of the windows."""

from __future__ import annotations

from typing import Any

from cli import output
from cli.render import Column, render_rows
from cli.scores.figures import RATIOS, Figures, length, percent


def print_windows(figures: Figures) -> None:
    """Write a row a window, and how much they differ."""
    rows = figures["windows"]
    columns = (Column("window"), *RATIOS, Column("note"))
    render_rows(map(_window, rows), columns, "table", "")
    spread = max(row["f1"] for row in rows) - min(row["f1"] for row in rows)
    own = figures["own_max_words"]
    output.write(
        f"\nF1 differs by {percent(spread)} points between these windows. The model's own are of "
        f"{length(own)}. In the best of these:\n\n"
    )


def _window(row: Figures) -> dict[str, Any]:
    notes = ["best"] if row["is_best"] else []
    notes += ["the model's own"] if row["is_own"] else []
    return {**row, "window": length(row["max_words"]), "note": ", ".join(notes)}
