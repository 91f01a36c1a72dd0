"""How sure the model was."""

from __future__ import annotations

from worker.html.columns import Column, draw_columns
from worker.html.section import Section, Table
from worker.html.wording import percent, whole
from worker.report.content import Content
from worker.report.sections.drawing import make_section

_SURE = 0.9


def make_scores(content: Content) -> Section | None:
    """None without entities."""
    counts = content.overview.scores
    total = sum(counts)
    if not total:
        return None
    first = next(number for number, n in enumerate(counts) if n)
    classes = [(number / len(counts), (number + 1) / len(counts), n) for number, n in enumerate(counts)]
    columns = [
        Column(low, high, n, f"score {low:g} to {high:g}: {whole(n)}") for low, high, n in classes[first:]
    ]
    table = Table(
        ("score", "entities", "percent"),
        [[f"{low:g} to {high:g}", whole(n), percent(n / total)] for low, high, n in classes[first:]],
    )
    n_sure = sum(n for low, _, n in classes if low >= _SURE)
    sentence = f"{percent(n_sure / total)} % of the entities have a score of at least {_SURE:g}."
    return make_section(
        "scores",
        "How sure the model was",
        sentence,
        lambda frame: draw_columns(frame, columns, "score that the model gave"),
        table,
    )
