"""Folded names, by which entities are grouped and searched."""

from __future__ import annotations

import unicodedata

#: Folded names end here, so that they fit an entry of PostgreSQL's B-tree (2,704 bytes).
MAX_NAME_CHARS = 500
#: Composing takes time that grows with the square of a run of combining marks, and makes one character of four at most.
_MAX_COMPOSED_CHARS = 4 * MAX_NAME_CHARS


def fold_name(text: str) -> str:
    """Case-folded, whitespace-normalised, canonically composed: `New\\nYORK` and `new york` are one name.

    At most `MAX_NAME_CHARS` characters of it.
    """
    if text.isascii():  # most are, and nothing of ASCII is composed
        return " ".join(text.split()).lower()[:MAX_NAME_CHARS]
    folded = " ".join(text.split()).casefold()[:_MAX_COMPOSED_CHARS]
    return unicodedata.normalize("NFC", folded)[:MAX_NAME_CHARS]
