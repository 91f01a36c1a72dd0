"""Words -> subword pieces of a checkpoint's tokenizer, word by word, as models for labelling words are trained."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

#: Words whose pieces are remembered; a corpus repeats itself, so most words are tokenised once.
_MAX_REMEMBERED = 200_000
_MAX_REMEMBERED_CHARS = 64
#: New words that go through the tokenizer together.
_CHUNK = 8192
#: A longer "word" is cut before it is tokenised: it has more pieces than any window anyway.
_MAX_WORD_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of a run of words: word `i` has `ids[starts[i]:starts[i + 1]]`, at least one."""

    ids: npt.NDArray[np.int64]  #: shape (n_pieces,)
    starts: npt.NDArray[np.int64]  #: shape (n_words + 1,)

    @classmethod
    def join(cls, parts: Sequence[Pieces]) -> Pieces:
        """The pieces of runs of words that follow one another."""
        shifts = np.cumsum([0, *(len(part.ids) for part in parts)])
        starts = [part.starts[:-1] + shift for part, shift in zip(parts, shifts, strict=False)]
        ids = np.concatenate([np.zeros(0, np.int64), *(part.ids for part in parts)])
        return cls(ids, np.concatenate([*starts, shifts[-1:]]))

    def part(self, first: int, last: int) -> Pieces:
        """Of the words `[first, last)`."""
        starts = self.starts[first : last + 1]
        return Pieces(self.ids[starts[0] : starts[-1]], starts - starts[0])

    @property
    def n_of_words(self) -> npt.NDArray[np.int64]:
        """Pieces of each word, shape (n_words,)."""
        return np.diff(self.starts)


def _join(pieces: Sequence[tuple[int, ...]]) -> Pieces:
    starts = np.zeros(len(pieces) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces)), out=starts[1:])
    ids = np.fromiter(chain.from_iterable(pieces), dtype=np.int64, count=int(starts[-1]))
    return Pieces(ids, starts)


class WordPieces:
    """Cuts words into pieces, each word as one that follows a space: so it stood in the text of pre-training.

    The label of a word is at its first piece, whatever that is: a Unigram may cut a rare word into a lone `▁` and
    its letters, a byte-level BPE into a lone `Ġ` and its bytes, and then the mark of the space carries the label, as
    in every checkpoint that was trained with the usual tools.

    A word without pieces (control characters, a lone joiner) becomes the unknown piece, so that no word is lost; of
    a word with more pieces than a window has room for, the first `max_pieces` stand for it.
    """

    def __init__(self, tokenizer_json: str, max_pieces: int) -> None:
        spec = json.loads(tokenizer_json)
        spec["truncation"] = spec["padding"] = None
        spec["model"]["dropout"] = None  # of merges: noise for training alone
        self._lead = _lead(spec)
        self._tokenizer = Tokenizer.from_str(json.dumps(spec))
        self._tokenizer.encode_special_tokens = True  # a text that says [SEP] does not mean it
        self._max_pieces = max_pieces
        self._known: dict[str, tuple[int, ...]] = {}
        self._unknown = _unknown_piece(self._tokenizer, spec)
        self.before, self.after = _special_pieces(self._tokenizer)
        named = (piece["id"] for piece in spec.get("added_tokens") or () if piece["special"])
        self._special = {*named, *self.before, *self.after}

    def cut(self, words: Sequence[str], on_progress: Callable[[], None] | None = None) -> Pieces:
        """The pieces of `words`, in order; `on_progress` is called after every few thousand new words."""
        known = self._known
        rare: dict[str, tuple[int, ...]] = {}  # words too long to be worth remembering
        new = list(set(words).difference(known))  # in any order: each word is tokenised on its own
        for first in range(0, len(new), _CHUNK):
            chunk = new[first : first + _CHUNK]
            for word, ids in zip(chunk, self._tokenize(chunk), strict=True):
                (known if len(word) <= _MAX_REMEMBERED_CHARS else rare)[word] = ids
            if on_progress:
                on_progress()
        pieces = list(map(known.get, words))
        if rare:
            pieces = [found or rare[word] for word, found in zip(words, pieces, strict=True)]
        if len(known) > _MAX_REMEMBERED:
            known.clear()
        return _join(cast("list[tuple[int, ...]]", pieces))

    def _tokenize(self, words: list[str]) -> Iterable[tuple[int, ...]]:
        inputs: list[list[str]] = [[self._lead + word[:_MAX_WORD_CHARS]] for word in words]
        encodings = self._tokenizer.encode_batch(inputs, is_pretokenized=True, add_special_tokens=False)
        for encoding in encodings:
            ids = tuple(encoding.ids[: self._max_pieces]) or (self._unknown,)
            if self._special.isdisjoint(ids):
                yield ids
            else:  # a Unigram finds even `</s>` in its vocabulary
                yield tuple(self._unknown if piece in self._special else piece for piece in ids)


def _lead(spec: dict[str, Any]) -> str:
    """What to put before every word so that it is read as one that follows a space; Metaspace is set to do it."""
    lead = ""
    for part in _parts(spec.get("pre_tokenizer")):
        # Before its parts, not in ByteLevel: that would put a space before every part of a word that another
        # pre-tokenizer has split.
        if part["type"] == "ByteLevel":
            lead = " "
        elif part["type"] == "Metaspace" and part.get("prepend_scheme") == "never":
            part["prepend_scheme"] = "first"
    return lead


def _parts(pre_tokenizer: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    if pre_tokenizer is None:
        return
    if pre_tokenizer["type"] != "Sequence":
        yield pre_tokenizer
        return
    for part in pre_tokenizer["pretokenizers"]:
        yield from _parts(part)


def _unknown_piece(tokenizer: Tokenizer, spec: dict[str, Any]) -> int:
    """The id of the unknown piece; where the vocabulary has none (byte level), that of a replacement character."""
    candidates = (spec["model"].get("unk_token"), "[UNK]", "<unk>", "<|endoftext|>")
    for name in candidates:
        piece = tokenizer.token_to_id(name) if name else None
        if piece is not None:
            return int(piece)
    unk_id = spec["model"].get("unk_id")
    if unk_id is not None:
        return int(unk_id)
    return int(tokenizer.encode("\ufffd", add_special_tokens=False).ids[0])


def _special_pieces(tokenizer: Tokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What the tokenizer puts before and after a text, such as ([CLS],) and ([SEP],)."""
    plain = tokenizer.encode(["a"], is_pretokenized=True, add_special_tokens=False).ids
    whole = tokenizer.encode(["a"], is_pretokenized=True).ids
    for first in range(len(whole) - len(plain) + 1):
        if whole[first : first + len(plain)] == plain:
            return tuple(whole[:first]), tuple(whole[first + len(plain) :])
    return (), ()
