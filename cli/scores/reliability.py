"""How far the scores of single entities can be relied on."""

from __future__ import annotations

from collections.abc import Iterator

from cli import output
from cli.quantity import count
from cli.render import Column, render_rows
from cli.scores.figures import Figures, percent

#: Gains of F1 that are smaller are not worth a threshold.
_LEAST_GAIN = 0.0005


def reliability_sentences(figures: Figures) -> Iterator[str]:
    """How far the scores of single entities can be relied on."""
    if figures["reliability"]:
        surest = figures["reliability"]["bins"][-1]
        if surest["n"]:
            yield (
                f"Entities scored {surest['low']:g} or more are right {100 * surest['share_right']:.1f} % of the time "
                f"({count(round(surest['n'] * surest['share_right']))} of {count(surest['n'])})."
            )
    if figures["threshold"]:
        best, all_of_them = figures["threshold"]["best"], figures["threshold"]["at_zero"]
        if best["f1"] - all_of_them["f1"] >= _LEAST_GAIN:
            yield (
                f"Without entities scored below {best['threshold']:.3g} F1 would be {percent(best['f1'])} here, "
                f"in place of {percent(all_of_them['f1'])}."
            )
        else:
            yield "No threshold of the score raises F1 here."


def print_reliability(figures: Figures) -> None:
    """Write the share of right entities by score."""
    if not figures["reliability"]:
        return
    columns = (
        Column("score"),
        Column("n", "entities", right=True, shown=count),
        Column("share_right", "right", right=True, shown=percent),
    )
    bins = [
        {**one, "score": f"{one['low']:.1f} to {one['high']:.1f}"} for one in figures["reliability"]["bins"]
    ]
    error = figures["reliability"]["expected_calibration_error"]
    output.write(f"\nHow often entities are right, by score (on average {percent(error)} points off)\n")
    render_rows([one for one in bins if one["n"]], columns, "table", "")
