"""What is won and lost by asking for a higher score."""

from __future__ import annotations

from training.report.charts.curves import draw_curves
from training.report.ratios import Values, ratios
from worker.html.section import Section, Table, drawn
from worker.html.wording import percent, score, whole


def make_threshold(evaluation: Values) -> Section | None:
    """None without scores."""
    threshold = evaluation.get("threshold")
    if not threshold or not threshold.get("curve"):
        return None
    curve, best, zero = threshold["curve"], threshold["best"], threshold["at_zero"]
    sentence = (
        "Leaving out entities with low scores makes the rest more often right, and loses some that were."
    )
    rows = [[score(one["threshold"]), *ratios(one), whole(one["n_predicted"])] for one in curve]
    return Section(
        "threshold",
        "Which score to ask for",
        sentence,
        drawn(
            "threshold",
            "Precision, recall and F1 by threshold",
            sentence,
            lambda f: draw_curves(f, curve, best),
        ),
        Table(("least score", "precision", "recall", "F1", "entities kept"), rows),
        note=f"The best F1, {percent(best['f1'])}, keeps scores of at least {score(best['threshold'])}; keeping "
        f"all gives {percent(zero['f1'])}. The best was chosen on this very gold: expect less elsewhere.",
    )
