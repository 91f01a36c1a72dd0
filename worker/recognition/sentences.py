"""Find the sentences of a text: the units that windows are made of and that no entity crosses.

Knows headings, lists, abbreviations and paragraphs broken at a fixed column, where a line end is only a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from worker.recognition.words import ABBREVIATIONS, BEFORE_NUMBERS, CAPITAL_ABBREVIATIONS, TITLES, Offsets

#: Indices of the words that begin a sentence, shape (n_sentences,), ascending; the first is 0.
SentenceStarts = npt.NDArray[np.int64]


def split_sentences(text: str, words: Offsets) -> SentenceStarts:
    """The indices of the words that begin a sentence, shape (n_sentences,); empty for a text without words."""
    if len(words) == 0:
        return np.zeros(0, dtype=np.int64)
    breaks = [0, *_paragraph_breaks(text), *_punctuation_breaks(text)]
    starts = np.unique(np.searchsorted(words[:, 0], np.array(breaks, dtype=np.int64)))
    return starts[starts < len(words)]


#: A line narrower than this was not broken because it was full.
MIN_WRAP_COLUMNS = 50
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_LIST_ITEM = re.compile(
    r"\s*(?:[-*•·–—▪◦]\s|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s|(?:ARTICLE|Article|SECTION|Section)\s+[\dIVX])"
)


def _paragraph_breaks(text: str) -> Iterator[int]:
    """Offsets at which a line begins that is not the continuation of the line before."""
    block: list[tuple[int, str]] = []
    for match in _LINE.finditer(text):
        line = match[0]
        if line.strip():
            block.append((match.start(), line.rstrip()))
        elif block:
            yield from _block_breaks(block)
            block = []
    yield from _block_breaks(block)


def _block_breaks(block: list[tuple[int, str]]) -> Iterator[int]:
    """The line starts of one block (lines without a blank one between) that begin something new."""
    if not block:
        return
    yield block[0][0]
    columns = max(MIN_WRAP_COLUMNS, max(len(line) for _, line in block))
    for (_, before), (start, line) in pairwise(block):
        first_word = line.split(maxsplit=1)[0]
        # A writer's tool breaks a line where the next word no longer fits: where it would have fitted, a person did.
        is_full = len(before) + 1 + len(first_word) > columns
        if not is_full or "\f" in line or _LIST_ITEM.match(line) or _is_heading(before) != _is_heading(line):
            yield start


def _is_heading(line: str) -> bool:
    return line.isupper()


# A full stop, exclamation or question mark, with the quotes and brackets that close after it, and what follows.
_END = re.compile(
    r"(?<![.!?…])([.!?…]++)(?:[\"'”’»)\]]| [\"'](?=\s))*+(?:\s++|\s?,(?=[A-Z]))(?=[\"'“‘«(\[]*+(\S))"
)
_MAX_WORD_CHARS = 40
_ABBREVIATIONS = frozenset(ABBREVIATIONS + CAPITAL_ABBREVIATIONS)
_BEFORE_NUMBERS = frozenset(BEFORE_NUMBERS)
_TITLES = frozenset(TITLES)  # after these a capital says nothing: a name follows them


def _punctuation_breaks(text: str) -> Iterator[int]:
    """Offsets after a mark that ends a sentence."""
    for match in _END.finditer(text):
        marks, following = match.groups()
        if following.islower() or (marks == "." and _is_part_of_word(text, match.start(), following)):
            continue
        yield match.end()


def _is_part_of_word(text: str, stop: int, following: str) -> bool:
    """Whether the full stop at `stop` belongs to the word before it."""
    head = text[max(0, stop - _MAX_WORD_CHARS) : stop]
    before = head.split()[-1] if head and not head[-1].isspace() else ""
    if before.isdigit() and len(before) <= 3:  # 1. Brazil, at the start of a line
        return head[: -len(before)].rstrip(" \t")[-1:] in ("", "\n")
    return _is_abbreviation(before, following)


def _is_abbreviation(before: str, following: str) -> bool:
    """Whether the full stop after `before` belongs to it (`Inc.`, `J.`, `U.S.`, `No.`) and ends no sentence."""
    bare = before.lstrip("\"'“‘«([")
    if re.fullmatch(r"(?:[^\W\d_]\.)*[^\W\d_]", bare):
        # Where U.S. does end a sentence, the next one is taken along: better than to cut `U.S. Open` in two.
        return bare != "I"
    lower = bare.lower()
    if lower in _BEFORE_NUMBERS and following.isdigit():
        return True
    return lower in _TITLES or (lower in _ABBREVIATIONS and not following.isupper())
