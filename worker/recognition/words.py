"""Split text into words with offsets, the way a model's training data was cut.

A word rule is part of a checkpoint, because corpora differ: CoNLL-2003 keeps `AL-AIN` whole, BC5CDR cuts at every
punctuation mark. `nerq train` records the rule that agrees best with its data.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache

import numpy as np
import numpy.typing as npt
import regex

#: Word offsets `[start, end)` in characters of the text, shape (n_words, 2), ascending, not overlapping.
Offsets = npt.NDArray[np.int64]

#: Grows when words, sentences or windows are cut differently: it is part of `model.id`, so that old results are not
#: taken for new ones.
RULES_VERSION = 3


class WordRule(StrEnum):
    """How text is cut into words. Under every rule each character that is not white space is in exactly one word."""

    NEWS = "news"  #: as CoNLL-2003 and the Penn treebank: `U.S.`, `Inc.`, `O'Brien`, `AL-AIN`, `England | 's`
    PUNCTUATION = "punctuation"  #: runs of letters and digits, every other character alone, as BC5CDR
    RUNS = "runs"  #: runs of letters and digits, runs of other characters, as the NLTK's wordpunct
    WHITESPACE = "whitespace"  #: nothing but white space separates words


def split_words(text: str, rule: WordRule = WordRule.NEWS) -> Offsets:
    """Cut `text` into words: shape (n_words, 2). Only white space is left out. Linear in the text's length."""
    parts: list[Offsets] = []
    spans: list[tuple[int, int]] = []  # of which each takes eight times as much memory as in an array
    known = _cuts_of_rule(rule)
    for chunk in _CHUNK.finditer(text):
        start, end = chunk.span()
        key = chunk[0] if text[end - 1] != "." else (chunk[0], _context(text, start, end))
        cuts = known.get(key)
        if cuts is None:
            cuts = _cut(rule, chunk[0], *(key[1] if isinstance(key, tuple) else ("", "")))
            if end - start <= _MAX_REMEMBERED_CHARS:
                if len(known) >= _MAX_REMEMBERED:
                    known.clear()
                known[key] = cuts
        spans += [(start + first, start + last) for first, last in cuts]
        if len(spans) >= _MAX_SPANS:
            parts.append(_offsets(spans))
            spans.clear()
    return np.concatenate([*parts, _offsets(spans)])


def _offsets(spans: list[tuple[int, int]]) -> Offsets:
    return np.array(spans, dtype=np.int64).reshape(-1, 2)


# Text repeats itself: remembering how a chunk between white space was cut makes splitting forty times as fast.
_MAX_REMEMBERED = 200_000
_MAX_REMEMBERED_CHARS = 48
_MAX_SPANS = 100_000
_Cuts = tuple[tuple[int, int], ...]


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


_CHUNK = re.compile(r"\S+")
_NEXT_CHUNK = re.compile(r"(\s+)(\S\S?)")
_MAX_INDENT = (
    80  # a longer run of spaces before a number is no indentation; looking further would take quadratic time
)


def _cut(rule: WordRule, chunk: str, before: str, after: str) -> _Cuts:
    shift = len(before)
    matches = _pattern(rule).finditer(before + chunk + after, shift)
    spans = ((m.start() - shift, m.end() - shift) for m in matches)
    return tuple(span for span in spans if span[1] <= len(chunk))


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
def _cuts_of_rule(rule: WordRule) -> dict[str | tuple[str, tuple[str, str]], _Cuts]:  # noqa: ARG001 the cache's key
    return {}


@cache
def _pattern(rule: WordRule) -> regex.Pattern[str]:
    return regex.compile(_PATTERNS[rule], regex.VERBOSE | regex.VERSION1)
