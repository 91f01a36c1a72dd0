"""No document and no file name can drive a terminal."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.visible import json_safe, visible

_ANY = st.text(st.characters())  # lone surrogates included


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("New\nYork", "New\\nYork"),
        ("a\tb\r", "a\\tb\\r"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("\ufeffx\u200by", "\\ufeffx\\u200by"),
        ("caf\udce9", "caf\\udce9"),
        ("\U000e0041", "\\U000e0041"),
        ("Weiß 日本 👩‍💻", "Weiß 日本 👩‍💻"),
    ],
)
def test_controls_are_escaped_and_letters_are_not(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_what_is_kept_is_kept() -> None:
    assert visible("a\nb\tc\x1b", keep="\n\t") == "a\nb\tc\\x1b"


@given(_ANY)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert not [c for c in visible(text) if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]


@given(_ANY)
def test_json_means_the_same_and_drives_no_terminal(text: str) -> None:
    safe = json_safe(json.dumps({"text": text}, ensure_ascii=False, indent=2))
    assert json.loads(safe) == {"text": text}
    assert not [c for c in safe if c != "\n" and unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
