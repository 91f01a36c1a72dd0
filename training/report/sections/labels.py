"""Precision, recall and F1 of each label."""

from __future__ import annotations

from training.report.charts.dots import Dot, draw_dots
from training.report.ratios import Values, ratios
from worker.html.section import Section, Table, drawn
from worker.html.wording import interval, whole


def make_labels(evaluation: Values) -> Section | None:
    """None without labels."""
    strict, ranges = evaluation["strict"], evaluation.get("interval")
    if not strict["per_label"]:
        return None
    of_label = ranges["per_label"] if ranges else {}
    scores = dict(sorted(strict["per_label"].items(), key=lambda item: -item[1]["f1"]))
    dots = [
        Dot("all labels", strict["f1"], tuple(ranges["f1"]) if ranges else None, is_strong=True),
        *(
            Dot(label, one["f1"], tuple(of_label[label]["f1"]) if label in of_label else None)
            for label, one in scores.items()
        ),
    ]
    found = [
        (label, one, of_label.get(label), (one["support"], one["n_predicted"]))
        for label, one in scores.items()
    ]
    found.append(("all labels", strict, ranges, (strict["n_gold"], strict["n_predicted"])))
    rows = [
        [name, *ratios(one), *([_range(of_one)] if ranges else []), *map(whole, counts)]
        for name, one, of_one, counts in found
    ]
    sentence = "Strict F1 of each label, the best first"
    sentence += f"; the line through a dot is its {100 * ranges['level']:g} % interval." if ranges else "."
    return Section(
        "labels",
        "Label by label",
        sentence,
        drawn("labels", "F1 of each label", sentence, lambda frame: draw_dots(frame, dots, "F1, percent")),
        Table(
            ("label", "precision", "recall", "F1", *(["interval"] if ranges else []), "in gold", "found"),
            rows,
        ),
        is_open=True,
    )


def _range(ranges: Values | None) -> str:
    return interval(ranges["f1"]) if ranges else ""
