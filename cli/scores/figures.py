"""Words and columns that all tables of scores share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.quantity import count
from cli.render import Column

#: An answer of `nerq evaluate`, or the figures of one that is kept.
Figures = Mapping[str, Any]


def percent(share: float) -> str:
    """A share in percent, without the sign."""
    return f"{100 * share:.2f}"


def length(max_words: int) -> str:
    """Of a window: `60 words`, or `one sentence`."""
    return count(max_words, "word") if max_words else "one sentence"


RATIOS = tuple(Column(key, right=True, shown=percent) for key in ("precision", "recall", "f1"))
