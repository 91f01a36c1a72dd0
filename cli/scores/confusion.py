"""Which label is taken for which."""

from __future__ import annotations

from cli import output
from cli.quantity import count
from cli.render import Column, render_rows
from cli.scores.figures import Figures
from cli.visible import visible


def print_confusion(confusion: Figures) -> None:
    """Rows of gold, columns of what was found; what is not in a cell of its own label is an error."""
    output.write("\nGold (rows) and what was found in its place (columns)\n")
    labels = confusion["labels"]
    keys = [*map(str, range(len(labels))), "missed"]  # a label might be called as a column is
    cells = [
        Column(key, visible(name), right=True, shown=_cell)
        for key, name in zip(keys, [*labels, "missed"], strict=True)
    ]
    rows = [*confusion["rows"].items(), ("nothing", confusion["spurious"])]
    table = (
        {"gold": name, **dict(zip(keys, (row.get(key, 0) for key in (*labels, "missed")), strict=True))}
        for name, row in rows
    )
    render_rows(table, (Column("gold"), *cells), "table", "")


def _cell(n: int) -> str:
    return count(n) if n else "."
