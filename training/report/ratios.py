"""The three figures of a score, as rows of tables show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.html.wording import percent

Values = Mapping[str, Any]


def ratios(one: Values) -> list[str]:
    """Precision, recall and F1 in percent."""
    return [percent(one[key]) for key in ("precision", "recall", "f1")]
