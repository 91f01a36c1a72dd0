"""What a text may hold: the rule that every reader applies to what it read."""

from __future__ import annotations

import re

_SURROGATES = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with every NUL and lone surrogate replaced by U+FFFD, one for one, so that offsets stay.

    PostgreSQL cannot store the first, nothing can encode the second.
    """
    text = text.replace("\x00", "\ufffd")
    try:
        text.encode()  # many times faster than a search for what hardly ever occurs
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text)
    return text
