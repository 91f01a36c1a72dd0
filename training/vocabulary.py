"""How the words of labelled data fall into the pieces of a model, before anything is trained."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.census import CutDocument, Lengths
from training.options import TrainOptions
from worker.errors import ModelError
from worker.recognition import Checkpoint, bundled_models
from worker.recognition.checkpoint import BUNDLED, room_for_pieces
from worker.recognition.pieces import WordPieces
from worker.recognition.windows import WindowPolicy

#: A word of more pieces is spelled rather than known.
MANY_PIECES = 8
#: Two characters that stand for nothing: pieces that are the same for both are those of the unknown.
_NONCHARACTERS = ("\U0010fffe", "\U0010ffff")


@dataclass(frozen=True, slots=True)
class PieceCensus:
    """The figures of one set in pieces."""

    n_pieces: int
    n_unknown: int
    n_words_in_many: int  #: words of more than MANY_PIECES pieces
    n_long_sentences: int  #: longer than a window
    sentence_pieces: Lengths

    @property
    def unknown_share(self) -> float:
        """Share of the pieces that are the unknown one, in [0, 1]."""
        return self.n_unknown / self.n_pieces if self.n_pieces else 0.0

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "pieces": self.n_pieces,
            "unknown_pieces": self.n_unknown,
            "words_in_many_pieces": self.n_words_in_many,
            "many_pieces": MANY_PIECES,
            "sentences_longer_than_window": self.n_long_sentences,
            "sentence_pieces": self.sentence_pieces.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokenizer and the window of a model, or of the model that would be trained from an encoder."""

    name: str
    pieces: WordPieces
    window: WindowPolicy

    @classmethod
    def of_model(cls, name: str) -> Vocabulary:
        """Of a checkpoint. Raises ModelError."""
        checkpoint = Checkpoint.open(name)
        return cls(name, checkpoint.pieces, checkpoint.window)

    @classmethod
    def of_base(cls, name: str) -> Vocabulary:
        """Of an encoder, in the windows that `nerq train` makes by default.

        Raises:
            ModelError: it cannot be opened, or has no fast tokenizer.
        """
        from transformers import AutoConfig, AutoTokenizer

        path = str(BUNDLED / name) if name in bundled_models() else name
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tokenizer = AutoTokenizer.from_pretrained(path, use_fast=True, trust_remote_code=False)
                config = AutoConfig.from_pretrained(path, trust_remote_code=False).to_dict()
            described = str(tokenizer.backend_tokenizer.to_str())
        except (AttributeError, OSError, ValueError, KeyError) as error:
            raise ModelError(f"{name} has no tokenizer that can be opened: {error}") from error
        max_pieces = min(_default("max_pieces"), room_for_pieces(Path(path), config))
        return cls(name, WordPieces(described, max_pieces), WindowPolicy(_default("max_words"), max_pieces))

    def take_census(self, documents: Iterable[CutDocument]) -> PieceCensus:
        """Count one set in pieces."""
        unknown = self._unknown()
        n_unknown = n_in_many = n_long = 0
        lengths: list[int] = []
        for cut in documents:
            pieces = self.pieces.cut(cut.word_texts())
            n_unknown += int((pieces.ids == unknown).sum()) if unknown is not None else 0
            n_in_many += int((pieces.n_of_words > MANY_PIECES).sum())
            bounds = pieces.starts[np.append(cut.sentences, len(cut.words))]
            n_pieces, n_words = np.diff(bounds), cut.sentence_lengths()
            is_long = n_pieces > self.window.max_pieces
            if self.window.max_words:
                is_long |= n_words > self.window.max_words
            n_long += int(is_long.sum())
            lengths += n_pieces.tolist()
        return PieceCensus(sum(lengths), n_unknown, n_in_many, n_long, Lengths.of(lengths))

    def _unknown(self) -> int | None:
        """The unknown piece; None where every text has pieces (byte level)."""
        one, other = (self.pieces.cut([word]).ids.tolist() for word in _NONCHARACTERS)
        return int(one[-1]) if one == other else None


def _default(name: str) -> int:
    """Of an option of training."""
    default: Any = TrainOptions.__dataclass_fields__[name].default
    return int(default)
