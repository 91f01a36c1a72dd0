"""The difference to another job or model."""

from __future__ import annotations

from collections.abc import Iterator

from cli import output
from cli.quantity import count
from cli.scores.figures import Figures, length, percent

#: Differences of which chance makes fewer than this share are said to be more than chance.
_SIGNIFICANT = 0.05


def comparison_sentences(figures: Figures) -> Iterator[str]:
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
    first, space, rest = comparison["unit"].partition(" ")  # `block of 50 sentences`
    units = count(comparison["n_units"], comparison["unit"], f"{first}s{space}{rest}")
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


def print_shares(comparison: Figures | None) -> None:
    """What only one of two contenders found."""
    if not comparison or not comparison["n_documents"]:
        return
    both, this, other, neither = (comparison[key] for key in ("both", "only_this", "only_against", "neither"))
    output.write(
        f"Of the entities in gold both found {both:,}, only this one {this:,}, only the other {other:,}, neither "
        f"{neither:,}. Wrong ones that only this one found: {comparison['wrong_only_this']:,}; only the other: "
        f"{comparison['wrong_only_against']:,}.\n"
    )
