"""Bytes -> text: the encoding that was given, else a byte order mark, else UTF-8, else a guess."""

from __future__ import annotations

import codecs
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
_SAMPLE_BYTES = 65_536
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
        DocumentError: `undecodable`.
    """
    certain = encoding or _marked(data)
    if certain:
        return Decoded(_text(data, certain), codecs.lookup(certain).name)
    if wide := _unmarked_utf16(data):
        return wide
    try:
        return Decoded(_clean(data.decode("utf-8")), "utf-8")
    except UnicodeDecodeError as error:
        if _is_damaged_utf8(data):
            raise _undecodable("UTF-8", error) from error
    return _guessed(data)


def _marked(data: bytes) -> str | None:
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


def _is_damaged_utf8(data: bytes) -> bool:
    """Whether most of what is beyond ASCII is UTF-8: a guess would turn all of it into other letters."""
    start = next(
        (i for i in range(0, len(data), _SAMPLE_BYTES) if not data[i : i + _SAMPLE_BYTES].isascii()), 0
    )
    sample = data[start : start + _SAMPLE_BYTES].decode("utf-8", "replace")
    n_wrong = sample.count("\ufffd")
    n_right = sum(char > "\x7f" for char in sample) - n_wrong
    return n_right > 2 * n_wrong


def _guessed(data: bytes) -> Decoded:
    for encoding, confidence in guess_encodings(data):
        if confidence >= _MIN_CONFIDENCE:
            try:
                return Decoded(_clean(data.decode(encoding)), codecs.lookup(encoding).name, confidence)
            except UnicodeDecodeError:
                continue
    raise DocumentError("undecodable", "no text encoding fits; give it with --encoding")
