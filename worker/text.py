"""What a text may hold: the rule that every reader applies to what it read."""

from __future__ import annotations

import re

#: NUL cannot be stored by PostgreSQL; a lone surrogate cannot be encoded at all.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with every NUL and lone surrogate replaced by U+FFFD, one for one, so that offsets stay."""
    return _UNSTORABLE.sub("\ufffd", text)
