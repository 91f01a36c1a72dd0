"""Documents and sentences that are there twice: in training they weigh double, in dev they are known by heart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from training.census import CutDocument, Named
from worker.annotations import squeeze

#: Shorter sentences (headings, datelines) are alike without being copies.
MIN_WORDS = 5


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A document and an earlier one with its text, white space aside."""

    named: Named
    earlier: Named

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {**self.named.as_dict(), "same_as": self.earlier.as_dict()}


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What is there twice."""

    in_train: tuple[Duplicate, ...]
    train_in_dev: tuple[Duplicate, ...]  #: documents of dev that train has
    n_dev_sentences: int  #: of MIN_WORDS words or more
    n_known_sentences: int  #: those of them that train has

    @property
    def known_share(self) -> float:
        """Share of dev's sentences that train has, in [0, 1]."""
        return self.n_known_sentences / self.n_dev_sentences if self.n_dev_sentences else 0.0

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "documents_in_train": [one.as_dict() for one in self.in_train],
            "documents_in_train_and_dev": [one.as_dict() for one in self.train_in_dev],
            "dev_sentences": self.n_dev_sentences,
            "dev_sentences_in_train": self.n_known_sentences,
            "min_words": MIN_WORDS,
        }


def find_duplicates(train: Sequence[CutDocument], dev: Sequence[CutDocument]) -> Duplicates:
    """Compare texts without their white space; documents without text are not compared."""
    first: dict[bytes, Named] = {}
    in_train = tuple(_seen(train, first, remember=True))
    known = {_fingerprint(text) for cut in train for n, text in cut.sentence_texts() if n >= MIN_WORDS}
    asked = [_fingerprint(text) for cut in dev for n, text in cut.sentence_texts() if n >= MIN_WORDS]
    return Duplicates(
        in_train,
        tuple(_seen(dev, first, remember=False)),
        len(asked),
        sum(fingerprint in known for fingerprint in asked),
    )


def _seen(documents: Iterable[CutDocument], first: dict[bytes, Named], remember: bool) -> Iterator[Duplicate]:
    for cut in documents:
        if len(cut.words) == 0:
            continue
        fingerprint = _fingerprint(cut.named.document.text)
        if fingerprint in first:
            yield Duplicate(cut.named, first[fingerprint])
        elif remember:
            first[fingerprint] = cut.named


def _fingerprint(text: str) -> bytes:
    return hashlib.sha256(squeeze(text).encode()).digest()
