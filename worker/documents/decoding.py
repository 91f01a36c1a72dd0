"""Bytes -> text: the encoding that was given, else a byte order mark or escapes, else UTF-8, else a guess."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from worker.documents.guessing import guess_encodings
from worker.errors import DocumentError
from worker.text import storable

#: UTF-32's little-endian mark begins with UTF-16's, so it comes first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: The 7-bit encodings of mail change their character sets by escapes, which are ASCII as well.
_ESCAPES = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp_2"), (b"\x1b$", "iso2022_jp_2004"))
#: What UTF-8 forbids though its bits would fit: longer forms than needed (`/` as C0 AF), and surrogates, of which
#: CESU-8 makes its emoji.
_FORBIDDEN = re.compile(
    rb"\xc0[\x80-\xbf]|\xc1[\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xed[\xa0-\xbf][\x80-\xbf]"
)
#: Letters and quotes of UTF-8 that in cp1252 are `Ã©` or `â€œ`; not `Ã` before the space or the closing
#: quote that may follow it in Portuguese.
_UTF8_IN_CP1252 = re.compile(rb"\xc3[\x80-\x9f\xa1-\xba\xbc-\xbf]|\xe2\x80[\x93-\xa6]")
_SAMPLE_BYTES = 65_536
#: A file of which NULs are a larger share is none of text; a few may stand in any.
_MAX_NUL_SHARE, _FEW_NULS = 0.1, 8
#: A guess below this is none. charset-normalizer itself drops what is below 0.8.
_MIN_CONFIDENCE = 0.8


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text ready to be stored, and the encoding that it was in."""

    text: str
    encoding: str
    confidence: float | None = None  #: in [0, 1]; None where the encoding was given or certain


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """The text of the bytes: newlines as they are, no byte order mark, NUL replaced by U+FFFD.

    Raises:
        DocumentError: `undecodable`, or `unsupported` for what is no text.
    """
    certain = encoding or marked_encoding(data)
    if certain:
        return Decoded(_text(data, certain), codecs.lookup(certain).name)
    if found := _unmarked_utf16(data) or _escaped(data):
        return found
    _refuse_nuls(data)
    try:
        return Decoded(_clean(data.decode("utf-8")), "utf-8")
    except UnicodeDecodeError as error:
        if _is_damaged_utf8(data, error):
            raise _undecodable("UTF-8", error) from error
    return _guessed(data)


def marked_encoding(data: bytes) -> str | None:
    """The encoding that a byte order mark at the start names."""
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)


def _text(data: bytes, encoding: str) -> str:
    try:
        return _clean(data.decode(encoding))
    except UnicodeDecodeError as error:
        raise _undecodable(encoding, error) from error
    except UnicodeError as error:
        raise DocumentError("undecodable", f"not valid {encoding}") from error


def _clean(text: str) -> str:
    return storable(text.removeprefix("\ufeff"))


def _undecodable(encoding: str, error: UnicodeDecodeError) -> DocumentError:
    return DocumentError("undecodable", f"not valid {encoding} at byte {error.start}: {error.reason}")


def _unmarked_utf16(data: bytes) -> Decoded | None:
    """UTF-16 without a mark is valid UTF-8 full of NULs: every second byte of what is ASCII, on one side."""
    sample = data[:_SAMPLE_BYTES]
    low, high = sample[1::2].count(0), sample[0::2].count(0)
    if len(data) % 2 or max(low, high) < max(2, len(sample) / 20) or min(low, high) * 50 > max(low, high):
        return None
    encoding = "utf-16-le" if low > high else "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    seen = text[:_SAMPLE_BYTES]
    confidence = sum(char.isprintable() or char.isspace() for char in seen) / len(seen)
    return Decoded(_clean(text), encoding, round(confidence, 3)) if confidence >= _MIN_CONFIDENCE else None


def _escaped(data: bytes) -> Decoded | None:
    if b"\x1b$" not in data or not data.isascii():
        return None
    for escape, encoding in _ESCAPES:
        if escape in data:
            try:
                return Decoded(_clean(data.decode(encoding)), encoding)
            except UnicodeDecodeError:
                continue
    return None


def _refuse_nuls(data: bytes) -> None:
    n_nuls = data.count(0)
    if n_nuls > _FEW_NULS and n_nuls > len(data) * _MAX_NUL_SHARE:
        share = n_nuls / len(data)
        raise DocumentError("unsupported", f"not plain text: {share:.0%} of its bytes are NUL")


def _is_damaged_utf8(data: bytes, error: UnicodeDecodeError) -> bool:
    """Whether most of what is beyond ASCII is UTF-8: a guess would turn all of it into other letters."""
    start = next(
        (i for i in range(0, len(data), _SAMPLE_BYTES) if not data[i : i + _SAMPLE_BYTES].isascii()), 0
    )
    sample = data[start : start + _SAMPLE_BYTES].decode("utf-8", "replace")
    n_wrong = sample.count("\ufffd")
    n_right = sum(char > "\x7f" for char in sample) - n_wrong
    is_cut = error.reason == "unexpected end of data"  # inside its last character; all before it is UTF-8
    return (
        n_right > 2 * n_wrong
        or (is_cut and (n_right > 0 or len(data) > error.start + 1))
        or _is_lax_utf8(data)
    )


def _is_lax_utf8(data: bytes) -> bool:
    """Whether it would be UTF-8 but for sequences that have only its form."""
    try:
        _FORBIDDEN.sub(b"", data).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guessed(data: bytes) -> Decoded:
    for encoding, confidence in guess_encodings(data):
        if confidence >= _MIN_CONFIDENCE:
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if encoding == "cp1252" and _UTF8_IN_CP1252.search(data):
                raise DocumentError(
                    "undecodable", "partly UTF-8 and partly cp1252, as it seems; make it one of them"
                )
            return Decoded(_clean(text), codecs.lookup(encoding).name, confidence)
    raise DocumentError("undecodable", "no text encoding fits; give it with --encoding")
