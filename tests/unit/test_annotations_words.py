from hypothesis import given, settings
from hypothesis import strategies as st

from worker.annotations import cut_words, locate_words

SPACES = st.text(st.sampled_from(" \t\r\n\u00a0\u2028\u3000"), max_size=3)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6).filter(
    lambda word: not any(char.isspace() for char in word)
)


@settings(deadline=None)
@given(st.lists(st.tuples(SPACES, WORDS)), SPACES)
def test_words_are_found_where_they_stand_whatever_the_space(parts: list[tuple[str, str]], end: str) -> None:
    text, expected = "", []
    for space, word in parts:
        expected.append((len(text) + len(space), len(text) + len(space) + len(word)))
        text += space + word
    assert locate_words([word for _, word in parts], text + end) == expected


def test_a_word_may_be_broken_in_the_text_or_hold_space_itself() -> None:
    assert locate_words(["50,000", "dollars"], "50,\n000 dollars") == [(0, 7), (8, 15)]
    assert locate_words(["New York", "\u00a0", "Bank"], "New\nYork Bank") == [(0, 8), (8, 8), (9, 13)]


def test_other_words_are_not_found() -> None:
    assert locate_words(["Bank"], "Bank of England") is None
    assert locate_words(["Bank", "of", "Wales"], "Bank of England") is None
    assert locate_words([], "") == []


@settings(deadline=None)
@given(st.text(max_size=30), st.lists(st.integers(-3, 33), max_size=6))
def test_cut_words_cover_the_text_but_for_white_space_and_no_word_holds_a_boundary(
    text: str, boundaries: list[int]
) -> None:
    words = cut_words(text, boundaries)
    assert "".join(text[start:end] for start, end in words) == "".join(text.split())
    for start, end in words:
        assert start < end
        assert not any(char.isspace() for char in text[start:end])
        assert not any(start < boundary < end for boundary in boundaries)


def test_words_are_cut_at_white_space_and_boundaries() -> None:
    assert cut_words("Berlin-based  firm\n", [6, 7]) == [(0, 6), (6, 7), (7, 12), (14, 18)]
