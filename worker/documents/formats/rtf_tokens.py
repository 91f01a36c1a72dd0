"""RTF -> its tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from worker.errors import DocumentError

_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})?[ ]?|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<symbol>[^a-zA-Z])"
    rb"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A control word with its number, or a control symbol, a brace or bytes of text."""

    kind: str  #: `word`, `symbol`, `brace`, `text` or `hex` (one byte of text)
    value: bytes
    number: int | None = None


def tokens(data: bytes) -> Iterator[Token]:
    """The tokens in their order. What `\\bin` announces is left out; so are line ends, which mean nothing.

    Raises:
        DocumentError: `damaged`: binary data is cut off.
    """
    position = 0
    while match := _TOKEN.match(data, position):
        position = match.end()
        kind = match.lastgroup
        if kind in ("word", "number"):
            number = int(match["number"]) if match["number"] else None
            if match["word"] == b"bin" and number is not None:
                position += max(number, 0)
                if position > len(data):
                    raise DocumentError("damaged", "cut off in binary data")
            else:
                yield Token("word", match["word"], number)
        elif kind == "hex":
            yield Token("hex", bytes.fromhex(match["hex"].decode("ascii")))
        elif kind:
            yield Token(kind, match[kind])
