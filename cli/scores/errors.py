"""The errors: what gold marks, what was found in its place, and the text around."""

from __future__ import annotations

from collections.abc import Iterable

from cli import output
from cli.quantity import count
from cli.scores.figures import Figures
from cli.visible import visible


def print_errors(figures: Figures) -> None:
    """Write those that the figures hold, the worst first."""
    shown, n = len(figures["errors"]), figures["n_errors"]
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in figures["n_errors_by_kind"].items())
    which = f"The worst {count(shown)} of " if shown < n else ""
    output.write(f"\n{which}{count(n, 'error')} ({kinds}); [gold], <found>\n")
    for error in figures["errors"]:
        output.write(f"{visible(_what(error))}\n    {visible(''.join(_context(error)))}\n")


def _what(error: Figures) -> str:
    """`label  letters/7.txt  gold PER, found ORG 0.912`."""
    gold, found = error["gold"], error["predicted"]
    sides = [f"gold {gold['label']}"] if gold else []
    sides += [f"found {found['label']} {found['score']:.3f}"] if found else []
    return f"{error['kind']}  {error['document']}  {', '.join(sides)}"


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
