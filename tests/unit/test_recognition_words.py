"""Words: every visible character once, cut the way the named corpora are cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.recognition.sentences import split_sentences
from worker.recognition.words import (
    _BEFORE_STOPS,
    WordRule,
    _chunk_starts,
    _cut,
    _cut_plain,
    split_words,
)


def words_of(text: str, rule: WordRule = WordRule.NEWS) -> list[str]:
    return [text[start:end] for start, end in split_words(text, rule).tolist()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the U.S. and U.N. troops", ["the", "U.S.", "and", "U.N.", "troops"]),
        ("a U.S.-led force", ["a", "U.S.-led", "force"]),
        ("Acme Inc. said", ["Acme", "Inc.", "said"]),
        ("Acme Inc., of Ohio", ["Acme", "Inc.", ",", "of", "Ohio"]),
        ("Dr. J. O'Brien", ["Dr.", "J.", "O'Brien"]),
        ("Dr. O’Brien’s car", ["Dr.", "O’Brien", "’s", "car"]),
        ("England's MOODY'S don't won’t", ["England", "'s", "MOODY", "'S", "do", "n't", "wo", "n’t"]),
        ("in AL-AIN today", ["in", "AL-AIN", "today"]),
        ("for $3.5 million (US$4)", ["for", "$", "3.5", "million", "(", "US$", "4", ")"]),
        ("LONDON 1996-08-22", ["LONDON", "1996-08-22"]),
        ("won 6-4 6-1, 1,000 at .596", ["won", "6-4", "6-1", ",", "1,000", "at", ".596"]),
        ("a 26-year-old", ["a", "26-year-old"]),
        ("1. Brazil 12", ["1.", "Brazil", "12"]),
        ("It was 12.", ["It", "was", "12", "."]),
        ('"I am," he said.', ['"', "I", "am", ",", '"', "he", "said", "."]),
        ("“Bank” (‘us’)", ["“", "Bank", "”", "(", "‘", "us", "’", ")"]),
        ("mail jane.doe@example.com now", ["mail", "jane.doe@example.com", "now"]),
        ("see https://example.com/a?b=1.", ["see", "https://example.com/a?b=1", "."]),
        ("5 mg/kg of AT&T", ["5", "mg/kg", "of", "AT&T"]),
        ("wait... so -- yes", ["wait", "...", "so", "--", "yes"]),
        ("left knee.,POSTOPERATIVE", ["left", "knee", ".", ",", "POSTOPERATIVE"]),
        ("東京都に住む", list("東京都に住む")),
        ("family 👨‍👩‍👧 ok", ["family", "👨‍👩‍👧", "ok"]),
        ("Mu\u0308ller", ["Mu\u0308ller"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_news_rule_cuts_as_conll_2003(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_other_rules_cut_as_their_corpora() -> None:
    text = "Li-induced 0.5 mg/kg (“Bank”), don't"
    assert words_of(text, WordRule.PUNCTUATION) == [
        *("Li", "-", "induced", "0", ".", "5", "mg", "/", "kg", "(", "“", "Bank", "”", ")", ","),
        *("don", "'", "t"),
    ]
    assert words_of(text, WordRule.RUNS)[9:13] == ["(“", "Bank", "”),", "don"]
    assert words_of(text, WordRule.WHITESPACE) == text.split()


@given(st.text(), st.sampled_from(list(WordRule)))
def test_words_tile_the_text(text: str, rule: WordRule) -> None:
    position = 0
    for start, end in split_words(text, rule).tolist():
        assert start < end
        assert not text[position:start].strip()
        assert not any(c.isspace() for c in text[start:end])
        position = end
    assert not text[position:].strip()


@given(st.lists(st.sampled_from(["U.S.", "Inc.", "J.", "12.", "O'Brien", "a", "\n", "  ", "—", "é", "Dr."])))
def test_what_was_cut_before_does_not_matter(parts: list[str]) -> None:
    text = " ".join(parts)
    first = split_words(text).tolist()
    split_words("U.S.\nInc. J. 12. Dr.")
    assert split_words(text).tolist() == first


@pytest.mark.parametrize(
    "bad",
    [
        *(
            "a",
            "+",
            "1-",
            "1,",
            "a.",
            "-",
            "www.",
            "n't",
            "a'",
            "\u0301",
            "1.",
            "'",
            "@",
            "\U0001f1e6",
            "A.",
            "a@",
        ),
        *("http://", "\u0301\u0316", "\U0001f468\u200d", "\u200b", "\u0915\u094d"),
        *("中", "US$", ".\n", "a.\u00a0", "x\u2028", ". (", ".'"),
    ],
)
def test_hostile_repetition_takes_linear_time(bad: str) -> None:
    text = bad * 100_000 + "1a"  # quadratic time would run into the test's time limit
    split_sentences(text, split_words(text))


def test_a_long_text_is_cut_as_its_parts_are() -> None:
    part = "Dr. Smith of Acme Inc. didn't say so.\n"
    words, n_parts = split_words(part), 30_000
    expected = (words[None] + len(part) * np.arange(n_parts)[:, None, None]).reshape(-1, 2)
    assert np.array_equal(split_words(part * n_parts), expected)


@pytest.mark.parametrize("rule", WordRule)
def test_usual_chunks_are_cut_as_the_pattern_says(rule: WordRule) -> None:
    stems = ["a", "I", "no", "The", "www", "US", "word", "7", "12", "1996", "don"]
    stems += [form for word in _BEFORE_STOPS for form in (word, word.upper(), word.title())]
    contexts = [
        ("", ""),
        ("x ", ""),
        ("x ", " X"),
        ("", "\nx"),
        ("", " 1"),
        ("x ", ' "'),
        ("", " ("),
        ("x ", "\nX"),
    ]
    n_plain = 0
    for chunk in (stem + mark for stem in stems for mark in ("", ",", ";", ":", ")", ".", "!", "'")):
        if (cuts := _cut_plain(rule, chunk)) is not None:
            n_plain += 1
            for before, after in contexts if chunk[-1] == "." else contexts[:1]:
                assert cuts == _cut(rule, chunk, before, after), chunk
    assert n_plain > len(stems)


def test_white_space_is_what_python_takes_for_it() -> None:
    text = "".join(f"{chr(code)}x" for code in range(0x3200)) + "".join(map(chr, range(0x3200, 0x11000)))
    begins = _chunk_starts(text).tolist()
    chunks = text.split()
    assert [text[begin : begin + len(chunk)] for begin, chunk in zip(begins, chunks, strict=True)] == chunks
