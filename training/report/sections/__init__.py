"""The sections of the page, one a file."""

from __future__ import annotations

from collections.abc import Callable

from training.report.ratios import Values
from training.report.sections.comparison import make_comparison
from training.report.sections.confusion import make_confusion
from training.report.sections.kinds import make_kinds
from training.report.sections.labels import make_labels
from training.report.sections.matching import make_matching
from training.report.sections.reliability import make_reliability
from training.report.sections.threshold import make_threshold
from training.report.sections.windows import make_windows
from worker.html.section import Section


def make_sections(evaluation: Values) -> list[Section]:
    """The sections that the evaluation has figures for, in the order of the page."""
    return [section for make in _SECTIONS if (section := make(evaluation)) is not None]


_SECTIONS: tuple[Callable[[Values], Section | None], ...] = (
    make_labels,
    make_comparison,
    make_confusion,
    make_kinds,
    make_matching,
    make_threshold,
    make_reliability,
    make_windows,
)
