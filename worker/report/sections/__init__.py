"""The charts of the page, one a file."""

from __future__ import annotations

from worker.html.section import Section
from worker.report.content import Content
from worker.report.sections.failures import make_failures
from worker.report.sections.labels import make_labels
from worker.report.sections.names import make_names
from worker.report.sections.scores import make_scores
from worker.report.sections.states import make_states

_MAKERS = (make_labels, make_scores, make_names, make_states, make_failures)


def make_sections(content: Content) -> list[Section]:
    """The charts that there is something to draw for, in the order of the page."""
    return [section for make in _MAKERS if (section := make(content)) is not None]
