"""A file that is one document -> its source: plain text as it stands, other formats through their reader."""

from __future__ import annotations

import hashlib
from typing import Any

from worker.documents.content import Content, read_whole
from worker.documents.decoding import decode
from worker.documents.document import Document, Source
from worker.documents.formats import EXTRACTED_MEDIA_TYPES, extract
from worker.documents.options import ReadOptions
from worker.errors import DocumentError
from worker.text import storable

#: Files that are no text whatever they are called: decoded by a guess they would make documents of noise.
_SIGNATURES = {
    b"PK\x03\x04": "a ZIP archive (or an Office document)",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Office document; save it as .docx",
    b"\x1f\x8b": "gzip-compressed",
    b"BZh": "bzip2-compressed",
    b"\xfd7zXZ\x00": "xz-compressed",
    b"\x28\xb5\x2f\xfd": "zstd-compressed",
    b"\x7fELF": "a program",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"SQLite format 3\x00": "a SQLite database",
}


def read_document(content: Content, options: ReadOptions) -> Source:
    """The source of a file that holds one text; what goes wrong becomes its error."""
    facts: dict[str, Any] = {"media_type": content.media_type, "n_bytes": content.size}
    try:
        data = read_whole(content, options)
        facts |= {"n_bytes": len(data), "file_sha256": hashlib.sha256(data).hexdigest()}
        text = _extracted if content.media_type in EXTRACTED_MEDIA_TYPES else _decoded
        return Source(content.path, **facts, **text(data, content, options))
    except DocumentError as error:
        return Source(content.path, **facts, error=error)


def _decoded(data: bytes, _content: Content, options: ReadOptions) -> dict[str, Any]:
    _refuse_binary(data)
    decoded = decode(data, options.encoding)
    return {
        "encoding": decoded.encoding,
        "encoding_confidence": decoded.confidence,
        "document": Document.of(decoded.text),
    }


def _extracted(data: bytes, content: Content, options: ReadOptions) -> dict[str, Any]:
    try:
        found = extract(content.media_type, data, options.encoding)
    except DocumentError:
        raise
    except (MemoryError, RecursionError) as error:
        raise DocumentError("too_complex", "reading it takes more memory than a reader may have") from error
    except Exception as error:  # of whatever library: a message of its own may quote the text
        detail = f"damaged, or beyond what the reader of its format can do ({type(error).__name__})"
        raise DocumentError("damaged", detail) from error
    if len(found.text) > options.max_file_bytes:
        raise DocumentError(
            "too_large", f"its text is longer than {options.max_file_bytes} characters (NERQ_MAX_FILE_BYTES)"
        )
    return {
        "encoding": found.encoding,
        "encoding_confidence": found.encoding_confidence,
        "page_starts": found.page_starts,
        "notes": found.notes,
        "document": Document.of(storable(found.text)),
    }


def _refuse_binary(data: bytes) -> None:
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            raise DocumentError("unsupported", f"not plain text: {kind}")
    if data.startswith(b"ustar", 257):
        raise DocumentError("unsupported", "not plain text: a tar archive")
