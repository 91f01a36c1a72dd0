"""Split text into words with offsets, the way a model's training data was cut.

A word rule is part of a checkpoint, because corpora differ: CoNLL-2003 keeps `AL-AIN` whole, BC5CDR cuts at every
punctuation mark. `nerq train` records the rule that agrees best with its data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from itertools import chain
from typing import cast

import numpy as np
import numpy.typing as npt
import regex

#: Word offsets `[start, end)` in characters of the text, shape (n_words, 2), ascending, not overlapping.
Offsets = npt.NDArray[np.int64]

#: Grows when words, sentences or windows are cut, or labels joined, differently: it is part of `model.id`, so that old
#: results are not taken for new ones.
RULES_VERSION = 4


class WordRule(StrEnum):
    """How text is cut into words. Under every rule each character that is not white space is in exactly one word."""

    NEWS = "news"  #: as CoNLL-2003 and the Penn treebank: `U.S.`, `Inc.`, `O'Brien`, `AL-AIN`, `England | 's`
    PUNCTUATION = "punctuation"  #: runs of letters and digits, every other character alone, as BC5CDR
    RUNS = "runs"  #: runs of letters and digits, runs of other characters, as the NLTK's wordpunct
    WHITESPACE = "whitespace"  #: nothing but white space separates words


def split_words(text: str, rule: WordRule = WordRule.NEWS) -> Offsets:
    """Cut `text` into words: shape (n_words, 2). Only white space is left out. Linear in the text's length."""
    parts = [_split_stretch(text, start, end, rule) for start, end in _stretches(text)]
    return np.concatenate(parts) if parts else np.zeros((0, 2), dtype=np.int64)


#: Characters that are cut together, about; so many words as Python's strings take little memory.
_STRETCH = 1 << 18
_SPACE = re.compile(r"\s")


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Parts of the text that meet at white space."""
    start = 0
    while start < len(text):
        space = _SPACE.search(text, start + _STRETCH)
        end = space.start() if space else len(text)
        yield start, end
        start = end


def _split_stretch(text: str, start: int, end: int, rule: WordRule) -> Offsets:
    stretch = text[start:end]
    chunks = stretch.split()
    firsts = _chunk_starts(stretch) + start
    known = _cuts_of_rule(rule)
    cuts = list(map(known.get, chunks))
    for i in [i for i, found in enumerate(cuts) if found is None]:
        cuts[i] = _find_cuts(rule, known, text, chunks[i], int(firsts[i]))
    found = cast("list[_Cuts]", cuts)
    n_bounds = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
    bounds = np.fromiter(chain.from_iterable(found), dtype=np.int64, count=int(n_bounds.sum()))
    offsets: Offsets = (bounds + np.repeat(firsts, n_bounds)).reshape(-1, 2)
    return offsets


#: Whether each of the first characters is white space; all that come after them are not.
_IS_SPACE = np.array([chr(code).isspace() for code in range(0x3002)])


def _chunk_starts(text: str) -> npt.NDArray[np.int64]:
    """Where the chunks begin that `text.split()` gives."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    is_space = _IS_SPACE[np.minimum(codes, len(_IS_SPACE) - 1)]
    begins = ~is_space
    begins[1:] &= is_space[:-1]
    return np.flatnonzero(begins)


# Text repeats itself: remembering how a chunk between white space was cut makes splitting forty times as fast.
_MAX_REMEMBERED = 200_000
_MAX_REMEMBERED_CHARS = 48
#: Bounds of words in a chunk, first and last in turn.
_Cuts = tuple[int, ...]
#: By chunk; by chunk and what decides about its final full stop, where something outside of it does.
_Known = dict[str | tuple[str, str, str], _Cuts]


def _find_cuts(rule: WordRule, known: _Known, text: str, chunk: str, start: int) -> _Cuts:
    """How a chunk is cut that is not known by itself."""
    key: str | tuple[str, str, str] = chunk
    if (cuts := _cut_plain(rule, chunk)) is None:
        before = after = ""
        if chunk[-1] == "." and rule == WordRule.NEWS:
            before, after = _context(text, start, start + len(chunk))
            key = chunk, before, after
            if (cuts := known.get(key)) is not None:
                return cuts
        cuts = _cut(rule, chunk, before, after)
    if len(chunk) <= _MAX_REMEMBERED_CHARS:
        if len(known) >= _MAX_REMEMBERED:
            known.clear()
        known[key] = cuts
    return cuts


_PLAIN = re.compile(r"([A-Za-z]+)[.,;:)]?|([0-9]+)[,;:)]?")


def _cut_plain(rule: WordRule, chunk: str) -> _Cuts | None:
    """What the rule's pattern would give, for the most usual chunks; None for all others, whatever they are.

    Letters or digits, alone or before a mark that never belongs to them: a full stop may belong to an abbreviation.
    """
    if rule == WordRule.WHITESPACE:
        return 0, len(chunk)
    if (plain := _PLAIN.fullmatch(chunk)) is None:
        return None
    end = plain.end(plain.lastindex or 0)
    if end == len(chunk):
        return 0, end
    if chunk[end] == "." and (end == 1 or chunk[:end].lower() in _BEFORE_STOPS):
        return None
    return 0, end, end, end + 1


def _context(text: str, start: int, end: int) -> tuple[str, str]:
    """What decides whether a final full stop belongs to the word: how its line begins and what follows it.

    Returns a stand-in for what stands before ("" at the start of a line) and one for what stands after.
    """
    line_start = max(text.rfind("\n", max(0, start - _MAX_INDENT), start) + 1, start - _MAX_INDENT, 0)
    is_first = not text[line_start:start].strip() and (line_start == 0 or text[line_start - 1] == "\n")
    after = _NEXT_CHUNK.match(text, end)
    if after is None:
        return "" if is_first else "x ", ""
    space = "\n" if "\n" in after[1] else " "
    return "" if is_first else "x ", space + _kind(after[2])


def _kind(head: str) -> str:
    """A stand-in for what begins with these two characters: a capital, another letter, a digit, a quote or a mark.

    Only a quote that stands alone may belong to the sentence before.
    """
    if head[0].isalpha():
        return "X" if head[0].isupper() else "x"
    if head in "\"'”’":
        return '"'
    return "1" if head[0].isdigit() else "("


_NEXT_CHUNK = re.compile(r"(\s+)(\S\S?)")
_MAX_INDENT = (
    80  # a longer run of spaces before a number is no indentation; looking further would take quadratic time
)


def _cut(rule: WordRule, chunk: str, before: str, after: str) -> _Cuts:
    shift = len(before)
    matches = _pattern(rule).finditer(before + chunk + after, shift)
    spans = ((m.start() - shift, m.end() - shift) for m in matches)
    return tuple(bound for span in spans if span[1] <= len(chunk) for bound in span)


#: Abbreviations that stand before a name, and so never at the end of a sentence.
TITLES = tuple(
    """
    adm brig capt cmdr col comdr cpl dr drs fr gen gov hon insp lt maj messrs mr mrs ms mt pfc prof pvt rep reps rev sen
    sens sgt st ste supt viz vs
    """.split()
)
#: Abbreviations only before a number, on the same line or the next: `Sept. 24`, `No. 5`; `no.` is a word else.
BEFORE_NUMBERS = tuple(
    """
    art cl eds exh fig figs no nos op para pp sec sched vol vols jan feb mar apr jun jul aug sep sept oct nov dec
    """.split()
)
#: Other abbreviations that keep their full stop before another word. Single letters and `U.S.` need no list.
ABBREVIATIONS = (
    *TITLES,
    *"""
    al apr assn assoc attn aug ave bhd bldg blvd bros cf cie co corp ct dec dept dist div ed eg esq est etc exch ext
    feb ft govt hosp hr hrs ibid ie inc incl intl jan jr lb lbs ltd mfg mgr min misc mo mos mts natl nov oct pat pct ph
    pl plc pls pres pt pty rd ret rt sdn sep sept sp sq sr tel temp univ wk yr yrs
    """.split(),
)
#: Of states and others, which in small letters are words: `Ill.`, `Mass.`
CAPITAL_ABBREVIATIONS = tuple(
    """
    ala ariz ark cal calif colo conn dak del fed fla ga ill ind kan kans ky la mass md mich minn miss mont neb nev okla
    ore penn tenn tex va vt wash wis wyo
    """.split()
)


_BEFORE_STOPS = frozenset((*TITLES, *BEFORE_NUMBERS, *ABBREVIATIONS, *CAPITAL_ABBREVIATIONS))


def _any(words: tuple[str, ...]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_CAPITALS = _any(tuple(form for word in CAPITAL_ABBREVIATIONS for form in (word.title(), word.upper())))
_ABBREVIATION = rf"(?<![\w.-])(?:(?i:{_any(ABBREVIATIONS)})|{_CAPITALS})\."
_CLITIC = r"['’](?i:s|re|ve|ll|d|m)(?!\w)"
_NEGATION = r"(?i:n['’]t)(?!\w)"
# A letter or digit, with the combining marks and invisible joiners that belong to it; scripts that are written
# without spaces are left to the next line.
_LETTER = r"[\w\p{M}\u00AD\u200C\u200D--[\p{Han}\p{Hiragana}\p{Katakana}]]"
_IDEOGRAPH = r"[\p{Han}\p{Hiragana}\p{Katakana}]\p{M}*"
# Whatever it is, with its marks: a quote, a bracket, an emoji of several code points. Of flags \X would look back over
# all that stand before.
_CHARACTER = r"(?:[\U0001F1E6-\U0001F1FF]{1,2}+\p{M}*+|(?!\s)\X)"

# The alternatives are tried in order. Each either consumes what it scanned or is bounded, so that no text, however
# hostile, takes more than linear time.
_NEWS = rf"""
      (?<![\w.+-])[\w.+-]{{1,64}}@\w[\w-]*+(?:\.\w[\w-]*+)+                         # jane.doe@example.com
    | (?:https?://|www\.)[^\s<>"“”]*[^\s<>"“”.,;:!?()\[\]{{}}'’]        # https://example.com/a
    # Asked for only where a letter stands: a text of nothing but marks would take six times as long.
    | (?=\p{{L}})(?:
          (?<![\w.])(?:\p{{L}}\.){{2,}}(?:-{_LETTER}++\.?)*+                # U.S. N.Z. U.S.-led
        | {_ABBREVIATION}(?:-{_LETTER}++)++                                  # Mo.-based
        | (?<![\w.-])(?i:{_any(TITLES)})\.(?=\s+\S|[,;:)])                  # Dr. Smith
        | (?<![\w.-])(?i:{_any(BEFORE_NUMBERS)})\.(?=\s+\d)                # Sept. 24
        # Inc. before another word; at the end of a line the full stop is the sentence's, unless the sentence goes on.
        | {_ABBREVIATION}(?=[^\S\n]+[^\s"'”’]|\s+\p{{Ll}}|[,;:)])
        | (?<![\w.'’])\p{{L}}\.(?=\s+\p{{L}}|,)                             # J. Smith, S. Korea
      )
    | (?m:^)\d{{1,3}}\.(?=[ \t]+\S)                                     # 1. Brazil
    | {_CLITIC} | {_NEGATION}
    | \p{{L}}{{1,3}}\$                                                  # US$ HK$
    | (?<!\w)[+-]?+(?:\d++(?:[.,:/=+-]\d++){{0,16}}+|\.\d++)(?![\w\p{{M}}]|-\w)  # 1,000.50 1996-08-22 6-4 .596
    | {_LETTER}{{1,16}}?(?={_NEGATION})                                   # do|n't
    | {_LETTER}++(?:(?:[-/&+@=.:]|(?!{_CLITIC})['’]){_LETTER}++)*+  # O'Brien AL-AIN mg/kg AT&T
    | {_IDEOGRAPH}
    | \.{{2,}}+ | -{{2,}}+ | –++ | —++
    | {_CHARACTER}
"""
_PATTERNS = {
    WordRule.NEWS: _NEWS,
    WordRule.PUNCTUATION: rf"{_LETTER}++ | {_IDEOGRAPH} | {_CHARACTER}",
    WordRule.RUNS: rf"{_LETTER}++ | {_IDEOGRAPH} | (?:(?![\w\s]).)++ | {_CHARACTER}",
    WordRule.WHITESPACE: r"\S++",
}


@cache
def _cuts_of_rule(rule: WordRule) -> _Known:  # noqa: ARG001 the cache's key
    return {}


@cache
def _pattern(rule: WordRule) -> regex.Pattern[str]:
    return regex.compile(_PATTERNS[rule], regex.VERBOSE | regex.VERSION1)
