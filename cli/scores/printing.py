"""What of an evaluation is shown, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli import output
from cli.scores.comparison import comparison_sentences, print_shares
from cli.scores.confusion import print_confusion
from cli.scores.errors import print_errors
from cli.scores.figures import Figures
from cli.scores.headline import print_headline
from cli.scores.readings import print_readings
from cli.scores.reliability import print_reliability, reliability_sentences
from cli.scores.windows import print_windows
from cli.visible import visible

if TYPE_CHECKING:
    from training.scoring import Report


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown beside the headline."""

    full: bool = False
    confusion: bool = False
    errors: bool = False


def print_scores(report: Report) -> None:
    """Write the table to standard output, the strict overall figures last."""
    print_headline(report.as_dict())


def print_figures(figures: Figures, shown: Shown) -> None:
    """Write the headline, then what else is known of the scores."""
    if "windows" in figures:
        print_windows(figures)
    print_headline(figures)
    sentences = [*reliability_sentences(figures), *comparison_sentences(figures)]
    if sentences:
        output.write("\n" + "".join(f"{visible(sentence)}\n" for sentence in sentences))
    if shown.full:
        print_shares(figures.get("comparison"))
        print_readings(figures)
        print_reliability(figures)
    if shown.full or shown.confusion:
        print_confusion(figures["confusion"])
    if shown.errors and figures.get("errors"):
        print_errors(figures)
    output.finish()
