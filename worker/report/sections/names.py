"""The names that occur most often."""

from __future__ import annotations

from worker.html.rows import Row, draw_rows
from worker.html.section import Section, Table
from worker.html.wording import count, whole
from worker.report.content import Content
from worker.report.sections.drawing import colour, make_section
from worker.report.wording import one_line

_MOST = 12


def make_names(content: Content) -> Section | None:
    """None without entities."""
    names = content.overview.names[:_MOST]
    if not names:
        return None
    number = {label: i for i, label in enumerate(content.labels)}
    rows = [
        Row(
            one_line(name.text),
            name.n,
            colour(number.get(name.label, 0)),
            f"{one_line(name.text)} ({name.label}): {whole(name.n)} in {count(name.n_documents, 'document')}",
        )
        for name in names
    ]
    table = Table(
        ("name", "label", "places", "documents"),
        [[one_line(name.text), name.label, whole(name.n), whole(name.n_documents)] for name in names],
    )
    sentence = "Spellings that differ in case, spaces and line breaks only count as one name."
    return make_section(
        "frequent", "Most frequent names", sentence, lambda frame: draw_rows(frame, rows), table
    )
