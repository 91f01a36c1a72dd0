"""The encoding of bytes that do not say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from charset_normalizer import CharsetMatch, from_bytes

#: Encodings that files are found in, likelier ones first: where the evidence is equal, the order decides.
_USUAL = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("cp932", "gb18030", "big5", "cp949", "euc_jp", "euc_kr", "koi8_r", "koi8_u"),
    *("iso8859_2", "iso8859_5", "iso8859_7", "iso8859_15", "utf_16_le", "utf_16_be"),
)
#: Taken only where none of the usual ones fits as well.
_OLD = ("cp437", "cp850", "cp852", "cp866", "mac_roman", "mac_cyrillic")
_RANK = {name: rank for rank, name in enumerate((*_USUAL, *_OLD))}

_SAMPLE_BYTES = 16_384
_LINE_BYTES = 4_096
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_UP_TO_ASCII = re.compile(rb".*[\x00-\x7f]", re.DOTALL)

#: Differences of charset-normalizer's two ratios that say nothing, found on one-line texts in 12 languages.
_EQUAL_MESS, _EQUAL_COHERENCE, _OLD_MUST_BE_CLEANER = 0.1, 0.045, 0.05


def guess_encodings(data: bytes) -> Iterator[tuple[str, float]]:
    """Encodings that the bytes may be in, likeliest first, each with a confidence in [0, 1]; maybe none."""
    sample = _sample(data)
    # Judged in one piece: cut into small chunks, good text is found messy where a chunk happens to begin.
    matches = list(from_bytes(sample, steps=1, chunk_size=len(sample), cp_isolation=list(_RANK)))
    best: list[CharsetMatch] = []
    if matches:
        best = sorted(_equally_likely(matches), key=_rank)
    for match in best + [match for match in matches if match not in best]:
        yield _name(match), round(1.0 - match.chaos, 3)


def _equally_likely(matches: list[CharsetMatch]) -> list[CharsetMatch]:
    cleanest = min(match.chaos for match in matches)
    usual = [m for m in matches if _name(m) in _USUAL and m.chaos <= cleanest + _OLD_MUST_BE_CLEANER]
    kind = [m for m in matches if (_name(m) in _USUAL) == bool(usual)]
    cleanest = min(match.chaos for match in kind)
    near = [match for match in kind if match.chaos <= cleanest + _EQUAL_MESS]
    coherence = max(match.coherence for match in near)
    return [match for match in near if match.coherence >= coherence - _EQUAL_COHERENCE]


def _name(match: CharsetMatch) -> str:
    """The likeliest of the encodings that give exactly this text."""
    return min({match.encoding, *match.could_be_from_charset} & _RANK.keys(), key=_RANK.__getitem__)


def _rank(match: CharsetMatch) -> int:
    return _RANK[_name(match)]


def _sample(data: bytes) -> bytes:
    """Of a long file, lines that hold a byte beyond ASCII: the only ones that tell encodings apart."""
    if len(data) <= _SAMPLE_BYTES:
        return data
    sample = bytearray()
    end = 0
    while len(sample) < _SAMPLE_BYTES and (high := _HIGH_BYTE.search(data, end)):
        start = data.rfind(b"\n", end, high.start()) + 1 or end
        end = data.find(b"\n", high.start()) + 1 or len(data)
        if end - start <= _LINE_BYTES:
            sample += data[start:end]
    if sample:
        return bytes(sample)
    first = _HIGH_BYTE.search(data)
    start = first.start() if first else 0
    window = data[start : start + _SAMPLE_BYTES]
    last = _UP_TO_ASCII.match(window)  # after it no character of several bytes can be cut
    return last[0] if last else window
