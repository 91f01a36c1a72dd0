"""Documents by state."""

from __future__ import annotations

from worker.html.bars import Bar, draw_bars
from worker.html.section import Section, Table
from worker.html.wording import whole
from worker.report.content import Content
from worker.report.sections.drawing import make_section

#: In the order of the colours of parts.
STATES = ("done", "queued", "failed", "cancelled", "running")


def make_states(content: Content) -> Section | None:
    """None without sources."""
    states = {status.value: n for status, n in content.progress.states.items()}
    states["failed"] += content.progress.n_failed_sources
    total = sum(states.values())
    if not total:
        return None
    present = {state: states[state] for state in STATES if states[state]}
    bars = [Bar("all", present, whole(total))]
    sentence = (
        "All documents were read."
        if present.keys() == {"done"}
        else f"{whole(present.get('done', 0))} of {whole(total)} documents were read."
    )
    return make_section(
        "states",
        "Documents by state",
        sentence,
        lambda frame: draw_bars(frame, bars, STATES),
        Table(("state", "documents"), [[state, whole(n)] for state, n in present.items()]),
    )
