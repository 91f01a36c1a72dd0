"""What recognition gives: entities, and the account of what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entity:
    """A labelled span `[start, end)`, in characters, of the text; `text[start:end] == entity.text`."""

    start: int
    end: int
    label: str
    text: str
    score: float  #: mean probability of the labels of its words, in (0, 1]

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or self.end - self.start != len(self.text):
            raise ValueError(f"no span of {len(self.text)} characters at [{self.start}, {self.end})")


@dataclass(frozen=True, slots=True)
class Recognition:
    """The entities of one text, in order of their start, and how much of the text went through the model."""

    entities: tuple[Entity, ...]
    n_words: int
    n_words_read: int  #: words that a window labelled; always equal to n_words
    n_windows: int
    n_pieces: int  #: pieces of all windows, overlap included, special pieces and padding not

    @classmethod
    def join(cls, parts: Sequence[Recognition]) -> Recognition:
        """Of a text that was read in these parts, in order."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            tuple(entity for part in parts for entity in part.entities),
            sum(part.n_words for part in parts),
            sum(part.n_words_read for part in parts),
            sum(part.n_windows for part in parts),
            sum(part.n_pieces for part in parts),
        )
