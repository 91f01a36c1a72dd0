"""Spans as a file has them -> spans that fit their text and leave room for each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from worker.annotations.annotated import Span, misfit
from worker.annotations.problems import OnProblem, Place, Problem, ProblemKind


@dataclass(frozen=True, slots=True)
class Placed:
    """A span and where the file has it."""

    span: Span
    place: Place


def make_span(
    start: object, end: object, label: object, place: Place, on_problem: OnProblem
) -> Placed | None:
    """The span; None where it is none, which is a problem."""
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        message = "an entity needs whole numbers as start and end, and a label"
        on_problem(Problem("record", place, message))
        return None
    try:
        return Placed(Span(start, end, label), place)
    except ValueError as error:
        on_problem(Problem("offsets" if label else "record", place, str(error)))
        return None


def fit_spans(found: Iterable[Placed | None], text: str, on_problem: OnProblem) -> tuple[Span, ...]:
    """The spans in order, without those that are problems: outside the text, with white space around, overlapping.

    Of two that overlap the earlier is kept, of two that begin together the shorter.
    """
    kept: list[Placed] = []
    for placed in sorted((one for one in found if one), key=lambda one: one.span):
        message = misfit(placed.span, text)
        if message:
            kind: ProblemKind = "offsets" if placed.span.end > len(text) else "edges"
            on_problem(Problem(kind, placed.place, message))
        elif kept and placed.span.start < kept[-1].span.end:
            on_problem(Problem("overlap", placed.place, _overlap(kept[-1], placed)))
        else:
            kept.append(placed)
    return tuple(placed.span for placed in kept)


def _overlap(left: Placed, right: Placed) -> str:
    line = left.place.line
    where = f" (line {line})" if line is not None and line != right.place.line else ""
    a, b = left.span, right.span
    return f"{a.label} [{a.start}, {a.end}){where} and {b.label} [{b.start}, {b.end}) overlap"
