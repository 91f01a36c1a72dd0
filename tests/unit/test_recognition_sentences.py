"""Sentences of raw text: headings, lists, abbreviations, paragraphs broken at a fixed column."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.recognition.sentences import split_sentences
from worker.recognition.words import split_words


def sentences_of(text: str) -> list[str]:
    words = split_words(text)
    starts = [int(words[i, 0]) for i in split_sentences(text, words)]
    ends = [*starts[1:], len(text)] if starts else []
    return [" ".join(text[a:b].split()) for a, b in zip(starts, ends, strict=True)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He left. She stayed.", ["He left.", "She stayed."]),
        ("Really? Yes! “Go.” They went.", ["Really?", "Yes!", "“Go.”", "They went."]),
        ("Mr. Smith met Dr. Jones of Acme Inc. in Ohio.", ["Mr. Smith met Dr. Jones of Acme Inc. in Ohio."]),
        ("J. P. Morgan Co. rose 3.5 pct. in May.", ["J. P. Morgan Co. rose 3.5 pct. in May."]),
        ("It is No. 5 of Art. 12.", ["It is No. 5 of Art. 12."]),
        ("LEASE AGREEMENT\nThis lease is made\n", ["LEASE AGREEMENT", "This lease is made"]),
        ("One\n\nTwo", ["One", "Two"]),
        ("Terms:\n- first thing\n- second thing", ["Terms:", "- first thing", "- second thing"]),
        ("Paris 3 Lyon 2\nLille 1 Nice 0", ["Paris 3 Lyon 2", "Lille 1 Nice 0"]),
        ("knee.,POSTOPERATIVE NOTE", ["knee.,", "POSTOPERATIVE NOTE"]),
        ("", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences


PARAGRAPH = (
    "The parties met in New York on Monday and agreed that Acme Holdings Ltd. would buy the assets of the "
    "Müller Group, which operates in South Korea and in the United Arab Emirates. Nobody from the ministry "
    "was present when the papers were signed. The price was not disclosed by either side."
)


@pytest.mark.parametrize("columns", [60, 72, 80, 100])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_line_break_in_a_wrapped_paragraph_is_only_a_space(columns: int, newline: str) -> None:
    wrapped = newline.join(textwrap.wrap(PARAGRAPH, columns))
    assert sentences_of(wrapped) == sentences_of(PARAGRAPH)


@given(st.text(alphabet=st.characters() | st.sampled_from('. \n\r?!A"-1')))
def test_sentences_partition_the_words(text: str) -> None:
    words = split_words(text)
    starts = split_sentences(text, words).tolist()
    assert starts[:1] == ([0] if len(words) else [])
    assert starts == sorted(set(starts))
    assert all(0 <= start < len(words) for start in starts)


@pytest.mark.parametrize("bad", ["a", ".", ". ", '."', "A.", " ", "\n", "\n\n", "(", "1.\n", "Mr. "])
def test_hostile_repetition_takes_linear_time(bad: str) -> None:
    text = bad * 200_000  # quadratic time would run into the test's time limit
    split_sentences(text, split_words(text[:1000]))
