"""The values that annotated files are read into."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from worker.annotations.tags import Scheme

#: `[start, end)` in characters of a text.
Offsets = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A labelled stretch `[start, end)` of a text."""

    start: int
    end: int
    label: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"[{self.start}, {self.end}) is not a span: 0 <= start < end must hold")
        if not self.label:
            raise ValueError(f"the span [{self.start}, {self.end}) has no label")


@dataclass(frozen=True, slots=True)
class AnnotatedDocument:
    """A text with its entities: in order, without overlap, none beginning or ending with white space."""

    id: str | None
    text: str
    #: Word offsets, sentence by sentence, where the format gives words; no word is empty.
    sentences: tuple[tuple[Offsets, ...], ...] | None
    spans: tuple[Span, ...]
    #: False where the format gives only words, and `text` was rebuilt from them.
    has_text: bool

    def __post_init__(self) -> None:
        for span in self.spans:
            if span.end > len(self.text):
                raise ValueError(
                    f"[{span.start}, {span.end}) ends after the text ({len(self.text)} characters)"
                )
            if self.text[span.start].isspace() or self.text[span.end - 1].isspace():
                raise ValueError(f"[{span.start}, {span.end}) begins or ends with white space")
        for left, right in pairwise(self.spans):
            if right.start < left.end:
                raise ValueError(
                    f"[{left.start}, {left.end}) and [{right.start}, {right.end}) overlap or are out of order"
                )


@dataclass(frozen=True, slots=True)
class AnnotatedFile:
    """What an annotated file holds, and how it was read."""

    path: Path
    format: Literal["conll", "jsonl"]
    scheme: Scheme | None  #: of the tags; None where the format has spans
    documents: tuple[AnnotatedDocument, ...]
    #: False: a CoNLL file that does not say where documents end; all of it is one document.
    has_document_marks: bool
