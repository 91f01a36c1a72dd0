"""The header of a mail -> its text."""

from __future__ import annotations

import binascii
import re
from itertools import groupby

from worker.documents.decoding import decode
from worker.documents.formats.declared import decode_declared
from worker.errors import DocumentError

#: RFC 2047: charset (and a language, RFC 2231), encoding, text. Between two of them white space counts for nothing.
_ENCODED = re.compile(r"=\?([\w.:-]+)(?:\*[\w-]*)?\?([bBqQ])\?([^?\s]*)\?=")
_ENCODED_RUN = re.compile(rf"{_ENCODED.pattern}(?:\s*{_ENCODED.pattern})*")


def header_text(value: str) -> str:
    """The header on one line, encoded words decoded. Bytes that stand as they are come as surrogates (PEP 383)."""
    raw = value.encode("utf-8", "surrogateescape")
    try:
        text = decode(raw).text
    except DocumentError:
        text = raw.decode("latin-1")
    text = _ENCODED_RUN.sub(lambda run: _decoded(run[0]), " ".join(text.split()))
    return " ".join(text.split())


def _decoded(run: str) -> str:
    """Words in one charset are put together before they are decoded: a writer may have cut a character in two."""
    words = groupby(_ENCODED.finditer(run), key=lambda word: word[1].lower())
    try:
        return "".join(
            decode_declared(b"".join(_bytes(word) for word in same), charset).text for charset, same in words
        )
    except (DocumentError, binascii.Error):
        return run  # as it stands, where it is not what it says


def _bytes(word: re.Match[str]) -> bytes:
    text = word[3].encode("ascii", "replace")
    if word[2] in "bB":
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    return binascii.a2b_qp(text, header=True)
