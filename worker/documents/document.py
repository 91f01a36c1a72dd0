"""What reading gives: a Document (one text, known by its hash) and the Source that it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from worker.errors import DocumentError


@dataclass(frozen=True, slots=True)
class Document:
    """One text. `sha256` is of its UTF-8 bytes, so equal texts are one document wherever they came from."""

    text: str
    sha256: str

    def __reduce__(self) -> tuple[type[Document], tuple[str, str]]:
        # A dataclass with slots takes its fields apart by name: several times as slow, for each of many files.
        return Document, (self.text, self.sha256)

    @classmethod
    def of(cls, text: str) -> Document:
        """The document of a text that holds neither NUL nor lone surrogates (see `decoding`)."""
        return cls(text, hashlib.sha256(text.encode("utf-8")).hexdigest())


@dataclass(frozen=True, slots=True)
class Source:
    """One submitted file, or one record of a file of records: its document, or the reason why there is none."""

    path: str
    record: str | None = None  #: id or line number of a record inside the file
    media_type: str | None = None
    encoding: str | None = None
    encoding_confidence: float | None = None  #: in [0, 1]; None where the encoding was given or certain
    file_sha256: str | None = None  #: of the file's bytes
    n_bytes: int | None = None
    page_starts: tuple[int, ...] | None = None  #: offsets at which pages begin, for formats that have pages
    metadata: Mapping[str, Any] | None = None  #: other fields of a record, as JSON has them
    notes: tuple[
        str, ...
    ] = ()  #: what of the file was not read though it could be, in words without its text
    document: Document | None = None
    error: DocumentError | None = None

    def __post_init__(self) -> None:
        if (self.document is None) == (self.error is None):
            raise ValueError("a source has either a document or an error")

    def __reduce__(self) -> tuple[type[Source], tuple[object, ...]]:
        return Source, tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a folder or an archive that is passed over.

    Reasons: `hidden`, `symlink`, `not a file`, `not included`, `no records`, `no suffix`, the suffix that no
    reader is for (`.jpg`), or `other` for a suffix that looks made up, of which there may be any number.
    """

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """How a table was understood: what separates its columns, which of them holds the text and which the id."""

    path: str
    delimiter: str | None  #: None where the format leaves nothing to find out
    text_field: str
    id_field: str | None  #: None: records are named by their number
    left_out: tuple[str, ...] = ()  #: columns that are not kept
