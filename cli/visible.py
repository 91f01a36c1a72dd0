"""Control characters made visible, so that no document or file name can drive a terminal."""

from __future__ import annotations

from worker.text import replace_hidden

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, keep: str = "") -> str:
    """The text with every character that a terminal would obey or hide written as an escape, but for `keep`.

    >>> visible("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return replace_hidden(text, lambda character: character if character in keep else _escape(character))


def _escape(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def json_safe(document: str) -> str:
    """The same JSON with those characters as JSON escapes; a parser sees no difference."""
    return replace_hidden(document, _json_escape)


def _json_escape(character: str) -> str:
    if (
        character == "\n"
    ):  # between lines of an indented document; inside a string JSON has escaped it already
        return character
    code = ord(character)
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
