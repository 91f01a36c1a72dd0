"""Find words in a text, or cut a text into words at given boundaries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_RUN = re.compile(r"\S+")


def locate_words(words: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Where the words stand in a text that is made of them and of white space, which is ignored in both.

    A word of white space alone gets an empty stretch. None: the text is not made of these words.
    Example: `["$", "3.5", "m"]` in `"$3.5\\n m"` -> `[(0, 1), (1, 4), (6, 7)]`.
    """
    squeezed = [squeeze(word) for word in words]
    if "".join(squeezed) != squeeze(text):
        return None
    positions = [i for i, char in enumerate(text) if not char.isspace()]
    offsets, used = [], 0
    for word in squeezed:
        first, used = used, used + len(word)
        end = positions[used - 1] + 1 if used else 0
        offsets.append((positions[first] if word else end, end))
    return offsets


def cut_words(text: str, boundaries: Iterable[int] = ()) -> list[tuple[int, int]]:
    """The text cut at white space and at the boundaries; white space is never part of a word."""
    cuts = sorted({b for b in boundaries if 0 < b < len(text)})
    words: list[tuple[int, int]] = []
    i = 0
    for run in _RUN.finditer(text):
        start = run.start()
        while i < len(cuts) and cuts[i] <= start:
            i += 1
        while i < len(cuts) and cuts[i] < run.end():
            words.append((start, cuts[i]))
            start = cuts[i]
            i += 1
        words.append((start, run.end()))
    return words


def squeeze(text: str) -> str:
    """The text without its white space."""
    return "".join(text.split())
