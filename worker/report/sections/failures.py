"""Failures by reason."""

from __future__ import annotations

from worker.html.rows import Row, draw_rows
from worker.html.section import Section, Table
from worker.html.wording import count, whole
from worker.report.content import Content
from worker.report.sections.drawing import make_section

_MOST = 12


def make_failures(content: Content) -> Section | None:
    """None where nothing failed."""
    counts = content.progress.failures
    codes = sorted(counts, key=lambda code: (-counts[code], code))
    if not codes:
        return None
    rows = [Row(code, counts[code], "failure", f"{code}: {whole(counts[code])}") for code in codes[:_MOST]]
    more = f" The {_MOST} most frequent of {len(codes)} reasons." if len(codes) > _MOST else ""
    sentence = f"Why {count(sum(counts.values()), 'document')} could not be read.{more}"
    table = Table(
        ("reason", "documents", "for example"),
        [[code, whole(counts[code]), content.reasons.get(code, "")] for code in codes],
    )
    return make_section(
        "failures", "Failures by reason", sentence, lambda frame: draw_rows(frame, rows), table
    )
