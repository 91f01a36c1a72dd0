"""What reading gives: a Document (one text, known by its hash) and the Source that it came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from worker.errors import DocumentError


@dataclass(frozen=True, slots=True)
class Document:
    """One text. `sha256` is of its UTF-8 bytes, so equal texts are one document wherever they came from."""

    text: str
    sha256: str

    @classmethod
    def of(cls, text: str) -> Document:
        """The document of a text that holds neither NUL nor lone surrogates (see `decoding`)."""
        return cls(text, hashlib.sha256(text.encode("utf-8")).hexdigest())


@dataclass(frozen=True, slots=True)
class Source:
    """One submitted file, or one record of a JSONL file: its document, or the reason why there is none."""

    path: str
    record: str | None = None  #: id or line number of a record inside the file
    media_type: str | None = None
    encoding: str | None = None
    encoding_confidence: float | None = None  #: in [0, 1]; None where the encoding was given or certain
    file_sha256: str | None = None  #: of the file's bytes
    n_bytes: int | None = None
    page_starts: tuple[int, ...] | None = None  #: offsets at which pages begin, for formats that have pages
    document: Document | None = None
    error: DocumentError | None = None

    def __post_init__(self) -> None:
        if (self.document is None) == (self.error is None):
            raise ValueError("a source has either a document or an error")
