"""Words -> text as in print, with the offsets of the words.

Data sets come as words without the white space between them. This puts it back by rule: punctuation
attached, quotes in pairs, a sentence a line. The rules only choose between a space and none, so words are
never altered and offsets are always right; what may differ from the print is where a space stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

#: The typewriter's and the printer's.
_APOSTROPHES = "'\u2019"
_CLITIC = re.compile(r"n['\u2019]t|['\u2019](?:s|m|re|ve|ll|d|em|t)", re.IGNORECASE)
_CLITIC_TAIL = re.compile(
    r"s|m|t|d|re|ve|ll", re.IGNORECASE
)  # of a clitic whose apostrophe is a word of its own
_NAME_HEAD = re.compile(r"[OodlDL]")  # O ' Brien, d ' Arc, l ' Oréal
_PUNCTUATION = re.compile(r"[^\w\s]+|_+")
_LETTER = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(r"[+\-.,]?\d")
_MONEY = re.compile(r".*[$£€¥]|#")
_INNER = re.compile(r"\w[-.,/:'\u2019]\w")

_CLOSING = frozenset(",;:!?.)]}%”»…")
_OPENING = frozenset("([{“\u2018«¿¡")

#: Of words cut at every punctuation mark, at most this share still holds one inside.
_MAX_INNER_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class Joined:
    """A text and where the words of each sentence stand in it."""

    text: str
    sentences: tuple[tuple[tuple[int, int], ...], ...]


def join_sentences(sentences: Iterable[Sequence[str]], finely_cut: bool = False) -> Joined:
    """Join each sentence's words as in print, one sentence a line; `finely_cut` as `is_finely_cut` found it.

    Example: `[["Mr.", "Li", "(", "AP", ")", "did", "n't", "."]]` -> `Mr. Li (AP) didn't.`
    """
    pieces: list[str] = []
    placed: list[tuple[tuple[int, int], ...]] = []
    position = 0
    open_quotes: set[str] = set()
    for words in sentences:
        offsets: list[tuple[int, int]] = []
        for separator, word in zip(_separators(words, open_quotes, finely_cut), words, strict=True):
            gap = separator if offsets or not placed else "\n"
            start = position + len(gap)
            position = start + len(word)
            pieces += (gap, word)
            offsets.append((start, position))
        placed.append(tuple(offsets))
    return Joined("".join(pieces), tuple(placed))


def is_finely_cut(sentences: Iterable[Sequence[str]]) -> bool:
    """Whether words were cut at every punctuation mark: `1 . 25`, `Li - induced` for `1.25`, `Li-induced`."""
    n_words = n_inner = n_cut = 0
    for words in sentences:
        n_words += len(words)
        n_inner += sum(1 for word in words if _INNER.search(word))
        n_cut += sum(
            1
            for left, mark, right in zip(words, words[1:], words[2:], strict=False)
            if (mark in ".," and left[-1:].isdigit() and right[:1].isdigit())
            or (mark in _APOSTROPHES and _CLITIC_TAIL.fullmatch(right))
            or (mark == "." and _LETTER.fullmatch(left) and _LETTER.fullmatch(right))
        )  # fmt: skip
    return n_cut > 0 and n_inner <= n_words * _MAX_INNER_SHARE


def _separators(words: Sequence[str], open_quotes: set[str], finely_cut: bool) -> Iterator[str]:
    """What stands before each word: nothing or a space."""
    before_attaches = True
    if sum(word.count('"') for word in words) % 2 == 0:
        open_quotes.discard('"')  # its quotes pair up among themselves, so an open one was a mistake
    for i in range(len(words)):
        attaches_before, attaches_after = _sides(words, i, open_quotes, finely_cut)
        yield "" if attaches_before or before_attaches else " "
        before_attaches = attaches_after


def _sides(words: Sequence[str], i: int, open_quotes: set[str], finely_cut: bool) -> tuple[bool, bool]:
    """Whether the word attaches to the word before it, and to the word after it."""
    word = words[i]
    before, after = words[i - 1] if i else "", words[i + 1] if i + 1 < len(words) else ""
    if _CLITIC.fullmatch(word):
        return True, False
    is_money = bool(_MONEY.fullmatch(word) and _NUMBER.match(after))
    if not _PUNCTUATION.fullmatch(word):
        return False, is_money
    if finely_cut and (sides := _finely_cut_sides(before, word, after)):
        return sides
    if word in _APOSTROPHES:
        return _apostrophe_sides(words, i, open_quotes)
    if '"' in word or word in ("``", "''"):
        return _quote_sides(words, i, open_quotes)
    if word == "/":
        return True, True
    return word[0] in _CLOSING, word[-1] in _OPENING or is_money


def _apostrophe_sides(words: Sequence[str], i: int, open_quotes: set[str]) -> tuple[bool, bool]:
    """`officers ' canteen`, or a single quote; both ends of a possessive plural look like a closing quote."""
    if "'" in open_quotes or i == len(words) - 1:
        open_quotes.discard("'")
        return True, False
    if i and words[i - 1][-1] in "sSxXzZ":
        return True, False
    open_quotes.add("'")
    return False, True


def _quote_sides(words: Sequence[str], i: int, open_quotes: set[str]) -> tuple[bool, bool]:
    """A straight double quote, alone or in a cluster such as `("` or `"),`; quotes may span sentences."""
    word = words[i]
    if len(word) > 1 and word != "``" and (word[0] not in '"' or word[1] in _CLOSING):
        opens = word[0] in _OPENING
    else:
        closes = '"' in open_quotes or all(w[0] in _CLOSING for w in words[i + 1 :])
        opens = i == 0 or word == "``" or words[i - 1] == ":" or not closes
    if opens:
        open_quotes.add('"')
        return False, True
    open_quotes.discard('"')
    return True, word[-1] in _OPENING


def _finely_cut_sides(before: str, mark: str, after: str) -> tuple[bool, bool] | None:
    """The sides of a mark in words that were cut at every mark; None where the general rules hold."""
    between_digits = before[-1:].isdigit() and after[:1].isdigit()
    between_letters = bool(_LETTER.fullmatch(before) and _LETTER.fullmatch(after))
    if mark in _APOSTROPHES and before and (_CLITIC_TAIL.fullmatch(after) or _NAME_HEAD.fullmatch(before)):
        return True, True
    if mark == "-":
        return (True, False) if before == "/" else (True, True)  # +/- 3 against Li-induced
    if mark == "+" and after == "/":
        return False, True
    if mark == "@" or (mark in ".:" and between_digits) or (mark == "." and between_letters):
        return True, True
    if mark == "," and between_digits and len(after) == 3:
        return True, True
    if mark == "." and after[:1].isdigit() and before and _PUNCTUATION.fullmatch(before):
        return before in _OPENING, True  # P < .01
    return None
