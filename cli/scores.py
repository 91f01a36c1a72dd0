"""A score report as a table: precision, recall and F1 of each label and of all, in percent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli.quantity import count
from cli.render import Column, render_rows

if TYPE_CHECKING:
    from training.scoring import Report


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


COLUMNS = (
    Column("label"),
    Column("precision", right=True, shown=_percent),
    Column("recall", right=True, shown=_percent),
    Column("f1", right=True, shown=_percent),
    Column("gold", right=True, shown=count),
    Column("found", right=True, shown=count),
)


def print_scores(report: Report) -> None:
    """Write the table to standard output, the strict overall figures last."""
    render_rows(_rows(report), COLUMNS, "table", "The gold holds no entity.")


def _rows(report: Report) -> Iterator[dict[str, Any]]:
    for label, score in sorted(report.per_label.items()):
        yield {
            "label": label,
            "precision": score.precision,
            "recall": score.recall,
            "f1": score.f1,
            "gold": score.support,
            "found": score.n_predicted,
        }
    yield {
        "label": "all",
        "precision": report.precision,
        "recall": report.recall,
        "f1": report.f1,
        "gold": report.n_gold,
        "found": report.n_predicted,
    }
