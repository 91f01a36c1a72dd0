"""Numbers and hostile text as people read them."""

from __future__ import annotations

from typing import Any

from worker.text import replace_hidden

_SIGNS = {"\n": "↵", "\r": "", "\t": "⇥"}


def plain(text: str) -> str:
    """The text on one line, with every character that hides or reorders others written as its code.

    >>> plain("a\\u202eb")
    'a⟨U+202E⟩b'
    """
    return replace_hidden(text, _sign)


def plain_lines(text: str) -> str:
    """The same in the lines that the text has; a form feed ends one, too."""
    return replace_hidden(
        text.replace("\r\n", "\n").replace("\f", "\n"), lambda c: c if c in "\n\t" else _code(c)
    )


def _sign(character: str) -> str:
    return _SIGNS.get(character, _code(character))


def _code(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


def percent(share: float) -> str:
    """`91.32`, of a share in [0, 1]."""
    return f"{100 * share:.2f}"


def interval(pair: Any) -> str:
    """`90.41 to 92.17`."""
    low, high = pair
    return f"{percent(low)} to {percent(high)}"


def whole(n: int) -> str:
    """`12,345`."""
    return f"{n:,}"


def count(n: int, one: str, many: str | None = None) -> str:
    """`1 document`, `2 documents`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def score(value: float | None) -> str:
    """A probability with three digits; empty for None."""
    return "" if value is None else f"{value:.3f}"
