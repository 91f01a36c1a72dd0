"""Patterns of paths, as people type them, as regular expressions that Python and PostgreSQL read alike."""

from __future__ import annotations

import re

#: Folders are whole names: in `a**/b` the stars go on with a name.
_SPECIAL = re.compile(r"(?<![^/])(?:\*\*+/)+|\*\*+|\*|\?")
_MEANING = {"/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def is_glob(text: str) -> bool:
    """Whether it is a pattern and not a path: `*` or `?` is in it."""
    return _SPECIAL.search(text) is not None


def glob_pattern(glob: str) -> str:
    """A regular expression for the paths that are, or end in, what the glob says; whole names, as with a path.

    `*` and `?` stand for characters inside one name, `**` for any.

    >>> re.search(glob_pattern("a/*.txt"), "in/a/b.txt") is not None
    True
    """
    end = glob.removeprefix("./").lstrip("/")
    parts, position = [], 0
    for special in _SPECIAL.finditer(end):
        parts += [re.escape(end[position : special.start()]), _meaning(special[0])]
        position = special.end()
    return rf"(?s)\A(.*/)?{''.join(parts)}{re.escape(end[position:])}\Z"


def _meaning(special: str) -> str:
    return _MEANING["/" if special.endswith("/") else special[:2]]
