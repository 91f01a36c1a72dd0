"""What offsets count: characters, as Python does; UTF-16 units, as JavaScript and Java do; bytes of UTF-8."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Literal, get_args

Unit = Literal["codepoints", "utf16", "bytes"]
UNITS: tuple[Unit, ...] = get_args(Unit)


def units_before(text: str, unit: Unit) -> Sequence[int]:
    """How many units stand before each character, and before the end.

    Example: `"a😀b"` -> `[0, 1, 3, 4]` in utf16, `[0, 1, 5, 6]` in bytes.
    """
    if unit == "codepoints" or text.isascii():
        return range(len(text) + 1)
    size = _utf16_units if unit == "utf16" else _utf8_bytes
    return list(accumulate(map(size, text), initial=0))


def _utf16_units(character: str) -> int:
    return 2 if character > "\uffff" else 1


def _utf8_bytes(character: str) -> int:
    if character < "\x80":
        return 1
    return 2 if character < "\u0800" else 3 if character <= "\uffff" else 4
