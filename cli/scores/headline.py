"""Precision, recall and F1 of each label and of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cli.quantity import count
from cli.render import Column, render_rows
from cli.scores.figures import RATIOS, Figures


def print_headline(figures: Figures) -> None:
    """Write a row a label, and one of all."""
    intervals = (_INTERVAL,) if figures.get("interval") else ()
    render_rows(
        _rows(figures),
        (Column("label"), *RATIOS, *intervals, *_COUNTS),
        "table",
        "The gold holds no entity.",
    )


def _rows(figures: Figures) -> Iterator[dict[str, Any]]:
    interval = figures.get("interval") or {"f1": None, "per_label": {}}
    for label, score in sorted(figures["per_label"].items()):
        of_label = interval["per_label"].get(label)
        yield {
            "label": label,
            **{key: score[key] for key in ("precision", "recall", "f1")},
            "interval": of_label and of_label["f1"],
            "gold": score["support"],
            "found": score["n_predicted"],
        }
    yield {
        "label": "all",
        **{key: figures[key] for key in ("precision", "recall", "f1")},
        "interval": interval["f1"],
        "gold": figures["n_gold"],
        "found": figures["n_predicted"],
    }


def _range(ends: Sequence[float]) -> str:
    return f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"


_INTERVAL = Column("interval", "95 % of f1", right=True, shown=_range)
_COUNTS = (Column("gold", right=True, shown=count), Column("found", right=True, shown=count))
