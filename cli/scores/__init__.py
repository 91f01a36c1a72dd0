"""Scores as tables and sentences: precision, recall and F1 of each label and of all, and what lies behind them.

printing.py     what is shown, and in which order
figures.py      the words and columns that all share
headline.py     the table of labels
windows.py      the scores by length of the windows
comparison.py   the difference to another job or model
reliability.py  how far the scores of single entities can be relied on
readings.py     the scores when less is asked of an entity
confusion.py    which label is taken for which
errors.py       the errors, with the text around them
"""

from cli.scores.figures import Figures, length, percent
from cli.scores.printing import Shown, print_figures, print_scores

__all__ = ["Figures", "Shown", "length", "percent", "print_figures", "print_scores"]
