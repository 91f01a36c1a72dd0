"""Bytes -> text, for formats that say the encoding of what they hold: their word counts where the bytes do not."""

from __future__ import annotations

import codecs
import re

from worker.documents.decoding import Decoded, decode
from worker.errors import DocumentError
from worker.text import storable

#: What browsers and mail programs take for these names, after what people wrote under them.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
#: Of Python's codecs those that web pages and mails use; others (utf-7, unicode_escape) are ways to hide something.
_KNOWN = re.compile(
    r"cp125\d|cp(?:437|85\d|86\d|874|932|949)|iso8859-\d+|koi8-[ru]|mac-\w+|big5\w*|gb18030|hz|euc_jp\w*"
    r"|iso2022_\w+|utf-(?:8|16|16-le|16-be|32)|shift_jis\w+"
)


def decode_declared(data: bytes, declared: str | None, encoding: str | None = None) -> Decoded:
    """The text of the bytes. The first that is known counts: what was given, a byte order mark, UTF-8 if they are that,
    what is declared if they can be that, a guess.

    Raises:
        DocumentError: `undecodable`, or `unsupported` for what is no text.
    """
    if encoding:
        return decode(data, encoding)
    try:
        decoded = decode(data)
    except DocumentError:
        if found := _declared(data, declared):
            return found
        raise
    if decoded.confidence is not None and (found := _declared(data, declared)):
        return found
    return decoded


def _declared(data: bytes, label: str | None) -> Decoded | None:
    try:
        name = codecs.lookup((label or "").strip()).name
        name = _MEANT.get(name, name)
        if _KNOWN.fullmatch(name):
            return Decoded(storable(data.decode(name)), name)
    except (LookupError, ValueError):  # also UnicodeDecodeError, and a label with a NUL
        return None
    return None
