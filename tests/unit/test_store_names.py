from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.store.names import MAX_NAME_CHARS, fold_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("New York", "new york"),
        ("New\nYork", "new york"),
        ("  NEW \t\u00a0YORK ", "new york"),
        ("Straße", "strasse"),
        ("Cafe\u0301", "caf\u00e9"),
        ("東京 都", "東京 都"),
        ("İstanbul", "i\u0307stanbul"),
    ],
)
def test_spellings_of_one_name_fold_together(text: str, name: str) -> None:
    assert fold_name(text) == name


@given(st.text())
def test_folding_ends_and_fits_an_index_entry(text: str) -> None:
    name = fold_name(text)
    assert len(name) <= MAX_NAME_CHARS
    assert name == " ".join(name.split()) or len(name) == MAX_NAME_CHARS


def test_a_name_of_marks_without_end_is_folded_at_once() -> None:
    marks = "\u0301\u0316" * 1_000_000  # to put them in order takes hours
    assert fold_name("a" + marks) == "\u00e1" + "\u0316" * (MAX_NAME_CHARS - 1)


def test_names_are_cut_after_they_are_composed() -> None:
    assert fold_name("\u1112\u1161\u11ab" * 600) == "\ud55c" * MAX_NAME_CHARS
    assert fold_name("\u1f00\u0301\u0345" * 600) == fold_name("\u1f84" * 600)
