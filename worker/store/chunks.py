"""Long lists cut into pieces that stay below the databases' limits on bound values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

#: SQLite takes 32,766 bound values in a statement, PostgreSQL 65,535.
VALUES_PER_STATEMENT = 1000


def chunks(values: Sequence[T], size: int = VALUES_PER_STATEMENT) -> Iterator[Sequence[T]]:
    """The values in order, at most `size` at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
