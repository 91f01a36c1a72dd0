"""The values that annotated files are read into."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

from worker.annotations.tags import Scheme

#: `[start, end)` in characters of a text.
Offsets = tuple[int, int]

Format = Literal["conll", "jsonl", "brat", "doccano", "label-studio"]
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A labelled stretch `[start, end)` of a text."""

    start: int
    end: int
    label: str
    score: float | None = field(default=None, compare=False)  #: a probability; None: a person marked it

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"[{self.start}, {self.end}) is not a span: 0 <= start < end must hold")
        if not self.label:
            raise ValueError(f"the span [{self.start}, {self.end}) has no label")


def misfit(span: Span, text: str) -> str:
    """Why the span cannot stand in the text; empty where it can."""
    if span.end > len(text):
        return f"[{span.start}, {span.end}) ends after the text ({len(text)} characters)"
    if text[span.start].isspace() or text[span.end - 1].isspace():
        return f"[{span.start}, {span.end}) begins or ends with white space"
    return ""


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
    #: The model that found the spans; None: a person marked them.
    model: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for span in self.spans:
            if message := misfit(span, self.text):
                raise ValueError(message)
        for left, right in pairwise(self.spans):
            if right.start < left.end:
                raise ValueError(
                    f"[{left.start}, {left.end}) and [{right.start}, {right.end}) overlap or are out of order"
                )


@dataclass(frozen=True, slots=True)
class AnnotatedFile:
    """What an annotated file, or a folder of brat, holds, and how it was read."""

    path: Path
    format: Format
    scheme: Scheme | None  #: of the tags; None where the format has spans
    documents: tuple[AnnotatedDocument, ...]
    #: False: a CoNLL file that does not say where documents end; all of it is one document.
    has_document_marks: bool
    #: What was passed over or read in another way than usual, counted: {"relations skipped": 2}.
    remarks: Mapping[str, int] = field(default_factory=dict)
    #: The files of brat that it was read from; empty: `path` alone.
    parts: tuple[Path, ...] = ()

    def sha256(self) -> str:
        """Of the file's bytes; of brat, over the names and the bytes of its files."""
        if not self.parts:
            return _digest(self.path)
        folder = self.path if self.path.is_dir() else self.path.parent
        whole = hashlib.sha256()
        for part in self.parts:
            whole.update(f"{part.relative_to(folder).as_posix()}\0{_digest(part)}\n".encode())
        return whole.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
