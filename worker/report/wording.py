"""Names and times as the page shows them."""

from __future__ import annotations

from datetime import UTC, datetime

from worker.html.wording import plain


def one_line(name: str) -> str:
    """A name without the line breaks and indents of its document."""
    return plain(" ".join(name.split()))


def moment(seconds: float | None) -> str:
    """`2026-11-24 08:00 UTC`; empty for None."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
