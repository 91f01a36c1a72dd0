"""How many entities there are of each label."""

from __future__ import annotations

from worker.html.rows import Row, draw_rows
from worker.html.section import Section, Table
from worker.html.wording import percent, whole
from worker.report.content import Content
from worker.report.sections.drawing import colour, make_section

_MOST = 12


def make_labels(content: Content) -> Section | None:
    """None without entities."""
    counts, labels = content.overview.labels, content.labels
    if not labels:
        return None
    rows = [
        Row(label, counts[label], colour(number), f"{label}: {whole(counts[label])}")
        for number, label in enumerate(labels[:_MOST])
    ]
    total = sum(counts.values())
    table = Table(
        ("label", "entities", "percent"),
        [[label, whole(counts[label]), percent(counts[label] / total)] for label in labels],
    )
    more = f" The {_MOST} most frequent of {len(labels)} labels." if len(labels) > _MOST else ""
    sentence = f"How many of the {whole(total)} entities have which label.{more}"
    return make_section("labels", "By label", sentence, lambda frame: draw_rows(frame, rows), table)
