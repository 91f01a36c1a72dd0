"""Which label is taken for which."""

from __future__ import annotations

from training.report.charts.heatmap import draw_heatmap
from training.report.ratios import Values
from worker.html.section import Section, Table, drawn
from worker.html.wording import whole


def make_confusion(evaluation: Values) -> Section | None:
    """None without labels."""
    confusion = evaluation.get("confusion")
    if not confusion or not confusion["labels"]:
        return None
    labels, rows, spurious = (confusion[key] for key in ("labels", "rows", "spurious"))
    sentence = (
        "Each row is a label of gold and says what its entities were found as, wherever their begin and end; the "
        "last row is what was found where gold has nothing. The stronger the colour of a cell, "
        "the larger its share of the row."
    )
    columns = [*labels, "missed"]
    table = [[label, *(whole(rows.get(label, {}).get(c, 0)) for c in columns)] for label in labels]
    table.append(["(spurious)", *(whole(spurious.get(label, 0)) for label in labels), ""])
    return Section(
        "confusion",
        "What is taken for what",
        sentence,
        drawn(
            "confusion",
            "Labels of gold and labels found",
            sentence,
            lambda frame: draw_heatmap(frame, labels, rows, spurious),
        ),
        Table(("gold", *labels, "(missed)"), table),
    )
