"""How many errors there are of each kind."""

from __future__ import annotations

from training.report.ratios import Values
from worker.html.bars import Bar, draw_bars
from worker.html.section import Section, Table, drawn
from worker.html.wording import whole

#: What is wrong, in the words of the list of errors.
KINDS = {
    "spurious": "found, but gold has nothing there",
    "missed": "in gold, but not found",
    "boundary": "right label, wrong begin or end",
    "label": "right place, wrong label",
    "label and boundary": "overlaps gold, wrong label and wrong begin or end",
}


def make_kinds(evaluation: Values) -> Section | None:
    """None without errors."""
    by_kind = evaluation.get("n_errors_by_kind")
    if not by_kind:
        return None
    kinds = sorted(by_kind, key=lambda kind: -by_kind[kind])
    bars = [Bar("all", {kind: by_kind[kind] for kind in kinds}, whole(sum(by_kind.values())))]
    sentence = "All errors by what is wrong with them."
    return Section(
        "kinds",
        "What goes wrong",
        sentence,
        drawn("kinds", "Errors by kind", sentence, lambda frame: draw_bars(frame, bars, kinds)),
        Table(
            ("kind", "what it is", "errors"),
            [[kind, KINDS.get(kind, ""), whole(by_kind[kind])] for kind in kinds],
        ),
        is_open=True,
    )
