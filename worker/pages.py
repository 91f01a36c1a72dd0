"""Pages of documents that have them: known by the offsets at which they begin, equal ones for empty pages."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


def find_page(start: int, page_starts: Sequence[int] | None) -> int | None:
    """The number, from 1, of the page that holds the offset; None without pages.

    >>> find_page(3, (0, 3, 7)), find_page(2, (0, 3, 7)), find_page(2, None)
    (2, 1, None)
    """
    return max(bisect_right(page_starts, start), 1) if page_starts else None
