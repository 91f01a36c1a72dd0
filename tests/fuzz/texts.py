"""Targets: any text becomes words, sentences, windows and packs without a gap."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.fuzz.target import Target, as_text
from worker.annotations import cut_words, locate_words
from worker.annotations.detokenise import is_finely_cut, join_sentences
from worker.recognition.alignment import WordRows
from worker.recognition.packing import Packer
from worker.recognition.pieces import Pieces
from worker.recognition.sentences import split_sentences
from worker.recognition.windows import WindowPolicy, Windows, cut_windows
from worker.recognition.words import WordRule, split_words

_RULES = list(WordRule)
_TEXTS = (
    "Dr. J. O'Brien of Acme Inc., U.S., didn't pay US$3.5m on 1996-08-22.\nHe said: “No.” 1. Brazil 2-1",
    "Mu\u0308ller 東京都 👨\u200d👩\u200d👧 🇦🇹🇫🇷 שלום \u200fa\u200bb\u00adc \ufeff\ufffd",
    "Mail x@y.example, see www.example.org/a?b=(c). 5 mg/kg +/- .5; AT&T's \u0301 'tis 12.",
    "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\r\nh\ri\tj\u00a0k\u3000l",
    "1. one\n  2. two\n\nTHE HEADING\nText that goes on. And on... and ends!\n- item (a) a.-b Mo.-based",
)


def _words(data: bytes, _folder: Path) -> None:
    rule, text = _RULES[data[0] % len(_RULES)] if data else WordRule.NEWS, as_text(data[1:])
    words = split_words(text, rule)
    end = 0
    for start, next_end in words.tolist():
        assert end <= start < next_end, "words are out of order, overlap or are empty"
        assert not text[end:start].strip(), "a character is in no word"
        assert len(text[start:next_end].split()) == 1, "white space inside a word"
        end = next_end
    assert not text[end:].strip(), "the last characters are in no word"
    assert np.array_equal(split_words(text, rule), words), "what was cut before changes how it is cut"
    starts = split_sentences(text, words)
    assert starts.tolist() == sorted({*starts.tolist()} | ({0} if len(words) else set())), "wrong order"
    assert not len(starts) or starts[-1] < len(words), "a sentence without words"


def _windows(data: bytes, _folder: Path) -> None:
    head, tail = data[:3].ljust(3, b"\x07"), np.frombuffer(data[3:], dtype=np.uint8).astype(np.int64)
    policy = WindowPolicy(max_words=head[0] % 24, max_pieces=1 + head[1] % 40)
    n_pieces = 1 + tail % 64 % policy.max_pieces
    sentences = np.flatnonzero((tail >= 192) | (np.arange(len(tail)) == 0))
    windows = cut_windows(n_pieces, sentences, policy)
    starts = np.concatenate([[0], np.cumsum(n_pieces)])
    _check_windows(windows, starts, policy)
    packer = Packer((1,), (2,), pack_pieces=1 + head[2])
    rows = WordRows(len(n_pieces), 1)
    for pack in packer.packs(Pieces(np.arange(starts[-1]) + 3, starts), windows):
        parts = pack.halves() if len(pack.lengths) > 1 and head[2] % 2 else (pack,)
        for part in parts:
            rows.add(part, part.piece_ids[part.word_rows, part.word_columns, None].astype(np.float32))
    assert (rows.n_reads == 1).all(), "a word was not read once"
    assert np.array_equal(rows.rows[:, 0], starts[:-1] + 3), "a word has the answer of another"


def _check_windows(windows: Windows, starts: np.ndarray, policy: WindowPolicy) -> None:
    labelled = 0
    for first, last, own_first, own_last in windows.tolist():
        assert own_first == labelled, "a word is labelled twice or never"
        assert first <= own_first < own_last <= last, "a window labels what it does not hold"
        assert starts[last] - starts[first] <= policy.max_pieces, "a window has too many pieces"
        assert not policy.max_words or last - first <= policy.max_words, "a window has too many words"
        labelled = own_last
    assert labelled == len(starts) - 1, "the last words are in no window"


def _joined(data: bytes, _folder: Path) -> None:
    """Words that are put together are found again, in the text and by their white space."""
    lines = as_text(data).split("\n")
    sentences = [words for words in ([w for w in line.split(" ") if w] for line in lines) if words]
    joined = join_sentences(sentences, is_finely_cut(sentences))
    for words, offsets in zip(sentences, joined.sentences, strict=True):
        assert [joined.text[start:end] for start, end in offsets] == words, "a word is not where it should be"
    flat = [word for words in sentences for word in words]
    located = locate_words(flat, joined.text)
    assert located is not None, "the text is not made of its words"
    squeezed = ["".join(word.split()) for word in flat]
    found = ["".join(joined.text[start:end].split()) for start, end in located]
    assert found == squeezed, "another word was found"
    edges = [edge for offsets in joined.sentences for pair in offsets for edge in pair]
    cut = cut_words(joined.text, edges)
    assert "".join(joined.text[a:b] for a, b in cut) == "".join(squeezed), "cutting lost a character"


TEXT_TARGETS = {
    "words": Target(_words, tuple(bytes([i]) + text.encode() for i, text in enumerate(_TEXTS))),
    "windows": Target(
        _windows,
        (
            b"",
            b"\x00\x09\x20" + bytes(range(256)),
            b"\x00\x09\x20\x00\x01\x02\x03\x06",
            b"\x08\x13\x21" + bytes([200, *range(60)] * 3),
        ),
    ),
    "joined": Target(
        _joined,
        (
            *(text.encode() for text in _TEXTS),
            b"Mr. Li ( AP ) did n't pay $ 3 . 5 m .\n\" It 's the players ' game , \" he said .",
            b"Li - induced 1 , 000 . 5 @ +/- 3 P < . 01 O ' Brien",
        ),
    ),
}
