"""The errors: what gold marks, what was found in its place, and the text around."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cli import output
from cli.quantity import count
from cli.render import Column, render_rows
from cli.scores.figures import Figures

_COLUMNS = (
    Column("kind"),
    Column("document", cut="left"),
    Column("gold"),
    Column("found"),
    Column("score", right=True, shown=lambda value: f"{value:.3f}"),
    Column("context", cut="right"),
)


def print_errors(figures: Figures) -> None:
    """Write those that the figures hold, the worst first."""
    shown, n = len(figures["errors"]), figures["n_errors"]
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in figures["n_errors_by_kind"].items())
    which = f"The worst {count(shown)} of " if shown < n else ""
    output.write(f"\n{which}{count(n, 'error')} ({kinds}); [gold], <found>\n")
    render_rows(map(_error, figures["errors"]), _COLUMNS, "table", "")


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
