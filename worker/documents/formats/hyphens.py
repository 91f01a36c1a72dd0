"""Words that were broken at a line end, put together again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

#: What PDFium puts for a hyphen after which a word goes on in the next line; it leaves the line end out.
_MARK = "\ufffe"
_WORD = r"[^\W\d_]+"
_BROKEN = re.compile(rf"(?<![^\W\d_])({_WORD}+){_MARK}({_WORD})")
_WORDS = re.compile(rf"{_WORD}(?:-{_WORD})*")
#: First halves of compounds, which keep their hyphen wherever the line ends: `well-known`, `self-employed`.
_FIRST_HALVES = frozenset(
    "all co cross ex full half high ill long low mid multi non part post pre quasi self semi short so vice well".split()
)

#: After these hyphens stand for what comes later: `long- and short-term`.
_AFTER_SUSPENDED = frozenset({"and", "or", "to", "und", "oder", "bis", "et", "ou"})


def join_hyphenated(pages: Sequence[str]) -> list[str]:
    """The pages, without the line end and, where it was put there only to break the word, without the hyphen.

    Of `ab-` and `cd`, `abcd` or `ab-cd` is taken, whichever stands somewhere else in the document more often. Where
    neither does: the hyphen goes if the second part begins in lower case, unless the first part is one that makes
    compounds (`well-`); it stays between digits and before a capital (`Smith-Jones`).
    """
    if not any(_MARK in page for page in pages):
        return list(pages)
    seen = Counter(word.lower() for page in pages for word in _WORDS.findall(page))

    def whole(match: re.Match[str]) -> str:
        first, second = match.groups()
        if second in _AFTER_SUSPENDED:
            return f"{first}- {second}"
        n_joined, n_hyphenated = seen[(first + second).lower()], seen[f"{first}-{second}".lower()]
        if n_joined != n_hyphenated:
            is_one_word = n_joined > n_hyphenated
        else:
            is_one_word = second[0].islower() and first.lower() not in _FIRST_HALVES
        return first + ("" if is_one_word else "-") + second

    return [_BROKEN.sub(whole, page).replace(_MARK, "-") for page in pages]
