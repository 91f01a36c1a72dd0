"""Folded names, by which entities are grouped and searched."""

from __future__ import annotations

import unicodedata

#: Folded names end here, so that they fit an entry of PostgreSQL's B-tree (2,704 bytes).
MAX_NAME_CHARS = 500


def fold_name(text: str) -> str:
    """Case-folded, whitespace-normalised, canonically composed: `New\\nYORK` and `new york` are one name.

    At most `MAX_NAME_CHARS` characters of it.
    """
    return unicodedata.normalize("NFC", " ".join(text.split()).casefold())[:MAX_NAME_CHARS]
