"""The difference to another job or model."""

from __future__ import annotations

from collections.abc import Iterator

from training.report.charts.dots import Dot, draw_dots
from training.report.ratios import Values
from worker.html.section import Section, Table, drawn
from worker.html.wording import percent, whole


def make_comparison(evaluation: Values) -> Section | None:
    """None if it was compared with nothing."""
    comparison = evaluation.get("comparison")
    if not comparison or comparison.get("difference") is None:
        return None
    names = _sides(comparison)
    difference, ranges = comparison["difference"], comparison.get("interval")
    dot = Dot("F1", difference, tuple(ranges) if ranges else None, is_strong=True)
    sentence = f"F1 of {names[0]} less F1 of {names[1]}: right of the dashed line, {names[0]} is better."
    return Section(
        "comparison",
        "Beside another",
        sentence,
        drawn(
            "comparison",
            "Difference of F1",
            sentence,
            lambda frame: draw_dots(frame, [dot], "difference of F1, points", zero=True, shown=_points),
        ),
        Table(("figure", "value"), list(_comparison_rows(comparison, names))),
        is_open=True,
    )


def _sides(comparison: Values) -> tuple[str, str]:
    """What the difference is of, and what was taken from it."""
    against = comparison.get("against")
    if against is None:
        return "the second", "the first"
    job = against.get("job")
    model = f"model {against['model']['name']}"
    return "this one", model if job is None else f"job {job} ({model})"


def _comparison_rows(comparison: Values, names: tuple[str, str]) -> Iterator[list[str]]:
    for key, name in zip(_F1_OF_SIDES["against" in comparison], names, strict=True):
        if comparison.get(key) is not None:
            yield [f"F1 of {name}", percent(comparison[key])]
    yield ["difference", _points(comparison["difference"])]
    if comparison.get("interval"):
        low, high = comparison["interval"]
        level = f"{100 * comparison['level']:g} % " if comparison.get("level") else ""
        yield [f"{level}interval of the difference", f"{_points(low)} to {_points(high)}"]
    if comparison.get("p_value") is not None:
        yield ["p value (outputs swapped at random)", f"{comparison['p_value']:.4f}"]
    counts = _FOUND_BY_SIDES["against" in comparison]
    for key, name in zip(counts, ("both", *(f"{name} alone" for name in names), "neither"), strict=True):
        if comparison.get(key) is not None:
            yield [f"gold entities found by {name}", whole(comparison[key])]


#: Keys of a comparison by whether it names what this one is compared with; the better side of a positive
#: difference first.
_F1_OF_SIDES = {True: ("f1", "f1_against"), False: ("second", "first")}
_FOUND_BY_SIDES = {
    True: ("both", "only_this", "only_against", "neither"),
    False: ("both", "only_second", "only_first", "neither"),
}


def _points(difference: float) -> str:
    return f"{100 * difference:+.2f}".replace("-", "−")
