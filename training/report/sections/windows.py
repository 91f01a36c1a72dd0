"""F1 by the length of the windows."""

from __future__ import annotations

from training.report.charts.dots import Dot, draw_dots
from training.report.command import windows
from training.report.ratios import Values
from worker.html.section import Section, Table, drawn
from worker.html.wording import count, percent


def make_windows(evaluation: Values) -> Section | None:
    """None if no lengths of windows were tried."""
    pairs = windows(evaluation)
    if not pairs:
        return None
    best = max(f1 for _, f1 in pairs)
    dots = [Dot(_window(words), f1, is_strong=f1 == best) for words, f1 in pairs]
    sentence = "Strict F1 by how many words the model sees at once; the best is marked."
    return Section(
        "windows",
        "How much text at once",
        sentence,
        drawn("windows", "F1 by window", sentence, lambda frame: draw_dots(frame, dots, "F1, percent")),
        Table(("window", "F1"), [[_window(words), percent(f1)] for words, f1 in pairs]),
    )


def _window(words: int) -> str:
    return count(words, "word") if words else "one sentence"
