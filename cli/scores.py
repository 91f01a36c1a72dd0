"""Scores as tables and sentences: precision, recall and F1 of each label and of all, and what lies behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli import output
from cli.quantity import count
from cli.render import Column, render_rows
from cli.visible import visible

if TYPE_CHECKING:
    from training.scoring import Report

#: An answer of `nerq evaluate`, or the figures of one that is kept.
Figures = Mapping[str, Any]

#: Gains of F1 that are smaller are not worth a threshold.
_LEAST_GAIN = 0.0005
#: Differences of which chance makes fewer than this share are said to be more than chance.
_SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown beside the headline."""

    full: bool = False
    confusion: bool = False
    errors: bool = False


def percent(share: float) -> str:
    """A share in percent, without the sign."""
    return f"{100 * share:.2f}"


def _range(ends: Sequence[float]) -> str:
    return f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"


_RATIOS = tuple(Column(key, right=True, shown=percent) for key in ("precision", "recall", "f1"))
_INTERVAL = Column("interval", "95 % of f1", right=True, shown=_range)
_COUNTS = (Column("gold", right=True, shown=count), Column("found", right=True, shown=count))


def print_scores(report: Report) -> None:
    """Write the table to standard output, the strict overall figures last."""
    _print_headline(report.as_dict())


def print_figures(figures: Figures, shown: Shown) -> None:
    """Write the headline, then what else is known of the scores."""
    if "windows" in figures:
        _print_windows(figures)
    _print_headline(figures)
    sentences = [*_sentences(figures), *_comparison(figures)]
    if sentences:
        output.write("\n" + "".join(f"{visible(sentence)}\n" for sentence in sentences))
    if shown.full:
        _print_shares(figures.get("comparison"))
        _print_readings(figures)
        _print_reliability(figures)
    if shown.full or shown.confusion:
        _print_confusion(figures["confusion"])
    if shown.errors and figures.get("errors"):
        _print_errors(figures)
    output.finish()


def _print_headline(figures: Figures) -> None:
    intervals = (_INTERVAL,) if figures.get("interval") else ()
    render_rows(
        _rows(figures),
        (Column("label"), *_RATIOS, *intervals, *_COUNTS),
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


def _sentences(figures: Figures) -> Iterator[str]:
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


def _print_windows(figures: Figures) -> None:
    rows = figures["windows"]
    columns = (Column("window"), *_RATIOS, Column("note"))
    render_rows(map(_window, rows), columns, "table", "")
    spread = max(row["f1"] for row in rows) - min(row["f1"] for row in rows)
    own = figures["own_max_words"]
    output.write(
        f"\nF1 differs by {percent(spread)} points between these windows. The model's own are of "
        f"{length(own)}. In the best of these:\n\n"
    )


def length(max_words: int) -> str:
    """Of a window: `60 words`, or `one sentence`."""
    return count(max_words, "word") if max_words else "one sentence"


def _window(row: Figures) -> dict[str, Any]:
    notes = ["best"] if row["is_best"] else []
    notes += ["the model's own"] if row["is_own"] else []
    return {**row, "window": length(row["max_words"]), "note": ", ".join(notes)}


def _print_shares(comparison: Figures | None) -> None:
    """What only one of two contenders found."""
    if not comparison or not comparison["n_documents"]:
        return
    both, this, other, neither = (comparison[key] for key in ("both", "only_this", "only_against", "neither"))
    output.write(
        f"Of the entities in gold both found {both:,}, only this one {this:,}, only the other {other:,}, neither "
        f"{neither:,}. Wrong ones that only this one found: {comparison['wrong_only_this']:,}; only the other: "
        f"{comparison['wrong_only_against']:,}.\n"
    )


#: What counts as found in each reading.
_READINGS = {
    "strict": "span and label are right",
    "exact": "the span is right, whatever the label",
    "partial": "spans overlap, half a point; whatever the label",
    "type": "the label is right, spans overlap",
}


def _print_readings(figures: Figures) -> None:
    output.write("\nOther readings of right (SemEval 2013), and conlleval's\n")
    matches = [
        {"reading": name, **figures["matching"][name], "means": means} for name, means in _READINGS.items()
    ]
    conlleval = {
        "reading": "conlleval",
        **figures["conlleval"],
        "means": "as strict; an I- may begin an entity",
    }
    columns = (Column("reading"), *_RATIOS, Column("means"))
    render_rows([*matches, conlleval], columns, "table", "")


def _print_reliability(figures: Figures) -> None:
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


def _print_confusion(confusion: Figures) -> None:
    """Rows of gold, columns of what was found; what is not in a cell of its own label is an error."""
    output.write("\nGold (rows) and what was found in its place (columns)\n")
    labels = confusion["labels"]
    keys = [*map(str, range(len(labels))), "missed"]  # a label might be called as a column is
    cells = [
        Column(key, visible(name), right=True, shown=_cell)
        for key, name in zip(keys, [*labels, "missed"], strict=True)
    ]
    rows = [*confusion["rows"].items(), ("nothing", confusion["spurious"])]
    table = (
        {"gold": name, **dict(zip(keys, (row.get(key, 0) for key in (*labels, "missed")), strict=True))}
        for name, row in rows
    )
    render_rows(table, (Column("gold"), *cells), "table", "")


def _cell(n: int) -> str:
    return count(n) if n else "."


ERROR_COLUMNS = (
    Column("kind"),
    Column("document", cut="left"),
    Column("gold"),
    Column("found"),
    Column("score", right=True, shown=lambda value: f"{value:.3f}"),
    Column("context", cut="right"),
)


def _print_errors(figures: Figures) -> None:
    shown, n = len(figures["errors"]), figures["n_errors"]
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in figures["n_errors_by_kind"].items())
    which = f"The worst {count(shown)} of " if shown < n else ""
    output.write(f"\n{which}{count(n, 'error')} ({kinds}); [gold], <found>\n")
    render_rows(map(_error, figures["errors"]), ERROR_COLUMNS, "table", "")


def _error(error: Figures) -> dict[str, Any]:
    gold, found = error["gold"], error["predicted"]
    return {
        "kind": error["kind"],
        "document": error["document"],
        "gold": gold and gold["label"],
        "found": found and found["label"],
        "score": found and found["score"],
        "context": "".join(_context(error)),
    }


def _context(error: Figures) -> Iterable[str]:
    """The place of an error: what gold marks in [ ], what was found in < >."""
    marks: list[
        tuple[tuple[int, ...], str]
    ] = []  #: with their order: closing ones first, of the inner one first
    texts: dict[int, str] = {}
    for depth, (side, opening, closing) in enumerate((("gold", "[", "]"), ("predicted", "<", ">"))):
        one = error[side]
        if one:
            start, end = one["start"], one["end"]
            marks += [((start, 1, depth), opening), ((end, 0, -start, -depth), closing)]
            texts |= {one["start"] + i: character for i, character in enumerate(one["text"])}
    yield error["before"]
    for place in range(min(texts), max(texts) + 2):
        yield from (mark for order, mark in sorted(marks) if order[0] == place)
        yield texts.get(place, "")
    yield error["after"]


def _comparison(figures: Figures) -> Iterator[str]:
    """Whether the difference to another contender could be chance, in one sentence."""
    comparison = figures.get("comparison")
    if not comparison:
        return
    other = _name(comparison["against"], figures)
    if not comparison["n_documents"]:
        yield f"No document was read by {other}, too: there is nothing to compare."
        return
    difference = comparison["difference"]
    scores = f"{percent(comparison['f1'])} against {percent(comparison['f1_against'])}"
    how_far = f"{percent(abs(difference))} points {'higher' if difference > 0 else 'lower'} than"
    unit = comparison["unit"]
    units = count(
        comparison["n_units"], unit, unit.replace("block", "blocks") if "block" in unit else f"{unit}s"
    )
    yield (
        f"F1 is {how_far if difference else 'the same as'} that of {other} ({scores}; {_odds(comparison)}; {units})"
        f"{_verdict(comparison)}."
    )


def _odds(comparison: Figures) -> str:
    interval = comparison["interval"]
    ends = f"95 % interval {100 * interval[0]:+.2f} to {100 * interval[1]:+.2f}, " if interval else ""
    return f"{ends}p = {comparison['p_value']:.2g}"


def _verdict(comparison: Figures) -> str:
    if not comparison["difference"]:
        return ""
    return ": more than chance explains" if comparison["p_value"] < _SIGNIFICANT else ": it may be chance"


def _name(contender: Figures, other: Figures) -> str:
    name, settings = contender["model"]["name"], contender["settings"]
    if contender["job"]:
        return f"job {contender['job']} ({name})"
    if contender["model"]["id"] != other["model"]["id"]:
        return f"model {name}"
    return f"model {name} with {settings['decoding']} decoding in windows of {length(settings['window']['max_words'])}"
