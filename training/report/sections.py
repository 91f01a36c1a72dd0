"""The sections of the page: a chart, the sentence that says what it shows, and its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from training.report.charts.bars import Bar, draw_bars
from training.report.charts.curves import draw_curves
from training.report.charts.dots import Dot, draw_dots
from training.report.charts.heatmap import draw_heatmap
from training.report.charts.reliability import draw_reliability
from training.report.charts.svg import Frame
from training.report.command import windows
from training.report.wording import count, interval, percent, score, whole

#: Pixels of a chart on a desk and on a phone.
WIDTHS = {"wide": 660, "narrow": 350}

Values = Mapping[str, Any]

#: What is wrong, in the words of the list of errors.
KINDS = {
    "spurious": "found, but gold has nothing there",
    "missed": "in gold, but not found",
    "boundary": "right label, wrong begin or end",
    "label": "right place, wrong label",
    "label and boundary": "overlaps gold, wrong label and wrong begin or end",
}
_READINGS = {
    "strict": "begin, end and label",
    "exact": "begin and end, any label",
    "partial": "any overlap, half a point where the ends differ",
    "type": "any overlap with the right label",
}
_PARTS = ("correct", "partial", "incorrect", "missed", "spurious")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a heading each; the first cell of a row names it."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """A chart, the sentence that says what it shows, and its numbers."""

    id: str
    heading: str
    sentence: str
    charts: Mapping[str, Markup]  #: by the name of its width
    table: Table
    is_open: bool = False  #: the table is shown at once
    note: str = ""


def make_sections(evaluation: Values) -> list[Section]:
    """The sections that the evaluation has figures for, in the order of the page."""
    return [section for make in _SECTIONS if (section := make(evaluation)) is not None]


def _drawn(name: str, title: str, description: str, draw: Callable[[Frame], Markup]) -> dict[str, Markup]:
    return {size: draw(Frame(f"{name}-{size}", title, description, width)) for size, width in WIDTHS.items()}


def _labels(evaluation: Values) -> Section | None:
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
        [name, *_scores(one), *([_range(of_one)] if ranges else []), *map(whole, counts)]
        for name, one, of_one, counts in found
    ]
    sentence = "Strict F1 of each label, the best first"
    sentence += f"; the line through a dot is its {100 * ranges['level']:g} % interval." if ranges else "."
    return Section(
        "labels",
        "Label by label",
        sentence,
        _drawn("labels", "F1 of each label", sentence, lambda frame: draw_dots(frame, dots, "F1, percent")),
        Table(
            ("label", "precision", "recall", "F1", *(["interval"] if ranges else []), "in gold", "found"),
            rows,
        ),
        is_open=True,
    )


def _scores(one: Values) -> list[str]:
    return [percent(one[key]) for key in ("precision", "recall", "f1")]


def _range(ranges: Values | None) -> str:
    return interval(ranges["f1"]) if ranges else ""


def _matching(evaluation: Values) -> Section | None:
    matching = evaluation.get("matching")
    if not matching:
        return None
    bars = [
        Bar(name, {part: one[part] for part in _PARTS}, f"F1 {percent(one['f1'])}")
        for name, one in matching.items()
    ]
    rows = [
        [
            name,
            _READINGS.get(name, ""),
            *_scores(one),
            *(whole(one[part]) for part in (*_PARTS, "possible", "actual")),
        ]
        for name, one in matching.items()
    ]
    lenient = evaluation.get("conlleval")
    sentence = (
        "What became of the entities when less is asked of them: from strict (all must be right) to the label "
        "or the place alone."
    )
    return Section(
        "matching",
        "How strict is strict",
        sentence,
        _drawn("matching", "Entities by reading", sentence, lambda frame: draw_bars(frame, bars, _PARTS)),
        Table(
            ("reading", "what must be right", "precision", "recall", "F1", *_PARTS, "in gold", "found"), rows
        ),
        note=f"As the conlleval script counts, F1 is {percent(lenient['f1'])}." if lenient else "",
    )


def _confusion(evaluation: Values) -> Section | None:
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
        _drawn(
            "confusion",
            "Labels of gold and labels found",
            sentence,
            lambda frame: draw_heatmap(frame, labels, rows, spurious),
        ),
        Table(("gold", *labels, "(missed)"), table),
    )


def _reliability(evaluation: Values) -> Section | None:
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
        _drawn(
            "reliability", "Share of right entities by score", sentence, lambda f: draw_reliability(f, bins)
        ),
        Table(("score", "entities", "mean score", "right"), rows),
        note=f"Over {whole(reliability['n'])} scored entities, score and share of right ones are "
        f"{error} points apart on average (expected calibration error).",
    )


def _threshold(evaluation: Values) -> Section | None:
    threshold = evaluation.get("threshold")
    if not threshold or not threshold.get("curve"):
        return None
    curve, best, zero = threshold["curve"], threshold["best"], threshold["at_zero"]
    sentence = (
        "Leaving out entities with low scores makes the rest more often right, and loses some that were."
    )
    rows = [[score(one["threshold"]), *_scores(one), whole(one["n_predicted"])] for one in curve]
    return Section(
        "threshold",
        "Which score to ask for",
        sentence,
        _drawn(
            "threshold",
            "Precision, recall and F1 by threshold",
            sentence,
            lambda f: draw_curves(f, curve, best),
        ),
        Table(("least score", "precision", "recall", "F1", "entities kept"), rows),
        note=f"The best F1, {percent(best['f1'])}, keeps scores of at least {score(best['threshold'])}; keeping "
        f"all gives {percent(zero['f1'])}. The best was chosen on this very gold: expect less elsewhere.",
    )


def _windows(evaluation: Values) -> Section | None:
    pairs = windows(evaluation)
    if not pairs:
        return None
    best = max(f1 for _, f1 in pairs)
    dots = [Dot(_window(words), f1, is_strong=f1 == best) for words, f1 in pairs]
    sentence = "Strict F1 by how many words the model sees at once; the best is marked."
    return Section(
        "windows",
        "How much text at once",
        sentence,
        _drawn("windows", "F1 by window", sentence, lambda frame: draw_dots(frame, dots, "F1, percent")),
        Table(("window", "F1"), [[_window(words), percent(f1)] for words, f1 in pairs]),
    )


def _window(words: int) -> str:
    return count(words, "word") if words else "one sentence"


def _comparison(evaluation: Values) -> Section | None:
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
        _drawn(
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


def _kinds(evaluation: Values) -> Section | None:
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
        _drawn("kinds", "Errors by kind", sentence, lambda frame: draw_bars(frame, bars, kinds)),
        Table(
            ("kind", "what it is", "errors"),
            [[kind, KINDS.get(kind, ""), whole(by_kind[kind])] for kind in kinds],
        ),
        is_open=True,
    )


_SECTIONS: tuple[Callable[[Values], Section | None], ...] = (
    _labels,
    _comparison,
    _confusion,
    _kinds,
    _matching,
    _threshold,
    _reliability,
    _windows,
)
