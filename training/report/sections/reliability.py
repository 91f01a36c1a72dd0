"""How often a score is right."""

from __future__ import annotations

from training.report.charts.reliability import draw_reliability
from training.report.ratios import Values
from worker.html.section import Section, Table, drawn
from worker.html.wording import percent, score, whole


def make_reliability(evaluation: Values) -> Section | None:
    """None without scores."""
    reliability = evaluation.get("reliability")
    if not reliability:
        return None
    bins = reliability["bins"]
    error = percent(reliability["expected_calibration_error"])
    sentence = (
        "A score should say how often an entity is right: dots on the line do, dots below it are too sure. "
        "The bars count the entities."
    )
    rows = [
        [
            f"{one['low']:g} to {one['high']:g}",
            whole(one["n"]),
            score(one["mean_score"]),
            percent(one["share_right"]) if one["n"] else "",
        ]
        for one in bins
    ]
    return Section(
        "reliability",
        "Whether scores can be believed",
        sentence,
        drawn(
            "reliability", "Share of right entities by score", sentence, lambda f: draw_reliability(f, bins)
        ),
        Table(("score", "entities", "mean score", "right"), rows),
        note=f"Over {whole(reliability['n'])} scored entities, score and share of right ones are "
        f"{error} points apart on average (expected calibration error).",
    )
