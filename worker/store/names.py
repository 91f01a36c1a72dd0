"""Folded names, by which entities are grouped and searched, and text that both databases can hold."""

from __future__ import annotations

import re
import unicodedata

#: Folded names end here, so that they fit an entry of PostgreSQL's B-tree (2,704 bytes).
MAX_NAME_CHARS = 500
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def fold_name(text: str) -> str:
    """Case-folded, whitespace-normalised, canonically composed: `New\\nYORK` and `new york` are one name.

    At most `MAX_NAME_CHARS` characters of it.
    """
    return unicodedata.normalize("NFC", " ".join(text.split()).casefold())[:MAX_NAME_CHARS]


def storable(text: str) -> str:
    """The text with NUL and lone surrogates (as in undecodable file names) replaced one for one by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def storable_or_none(text: str | None) -> str | None:
    """`storable`, for columns that may be empty."""
    return None if text is None else storable(text)
