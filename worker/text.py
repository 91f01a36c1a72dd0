"""What a text may hold: what no database can store, and what a person would not see as it is."""

from __future__ import annotations

import re
from collections.abc import Callable

#: C0 and C1 controls, DEL, line and paragraph separators, bidirectional marks and overrides, characters that
#: hide text, lone surrogates and tag characters.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
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


def replace_hidden(text: str, sign: Callable[[str], str]) -> str:
    """The text with a sign for every character that drives what shows it, or that hides or reorders others.

    >>> replace_hidden("a\\u202eb", lambda character: f"<{ord(character):x}>")
    'a<202e>b'
    """
    if text.isascii() and text.isprintable():  # most are; many times faster than a search
        return text
    return _HIDDEN.sub(lambda match: sign(match[0]), text)
