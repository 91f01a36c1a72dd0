"""A plain text file -> one source."""

from __future__ import annotations

import hashlib
import os
from typing import BinaryIO

from worker.documents.decoding import decode
from worker.documents.document import Document, Source
from worker.documents.files import TEXT, FoundFile
from worker.documents.opening import open_regular
from worker.documents.options import ReadOptions
from worker.errors import DocumentError

#: Files that are no text whatever they are called: decoded by a guess they would make documents of noise.
_SIGNATURES = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a ZIP archive (or an Office document)",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Office document",
    b"{\\rtf": "an RTF document",
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


def read_text_file(found: FoundFile, options: ReadOptions) -> Source:
    """The source of a plain text file; what goes wrong becomes its error."""
    try:
        with open_regular(found.location) as file:
            before = os.fstat(file.fileno())
            if before.st_size > options.max_file_bytes:
                error = _too_large(options)
                return Source(found.path, media_type=found.media_type, n_bytes=before.st_size, error=error)
            data = _read(file, options)
            _refuse_changed(before, os.fstat(file.fileno()))
            return _source(data, found.path, found.media_type or TEXT, options)
    except DocumentError as error:
        return Source(found.path, media_type=found.media_type, error=error)


def read_stream(file: BinaryIO, path: str, media_type: str, options: ReadOptions) -> Source:
    """The source of what the stream holds; at most `options.max_file_bytes` and one byte are read."""
    try:
        return _source(_read(file, options), path, media_type, options)
    except DocumentError as error:
        return Source(path, media_type=media_type, error=error)


def has_changed(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether a file was written to between the two; what was read in between may be half old and half new."""
    return (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)


def _refuse_changed(before: os.stat_result, after: os.stat_result) -> None:
    if has_changed(before, after):
        raise DocumentError("changed", "the file was written to while it was read; submit it again")


def _read(file: BinaryIO, options: ReadOptions) -> bytes:
    data: bytes | None = file.read(options.max_file_bytes + 1)
    if data is None:  # of some files of the kernel, which are regular by name only
        raise DocumentError("unreadable", "it has nothing to read now, and may have later")
    if len(data) > options.max_file_bytes:
        raise _too_large(options)
    return data


def _source(data: bytes, path: str, media_type: str, options: ReadOptions) -> Source:
    digest = hashlib.sha256(data).hexdigest()
    try:
        _refuse_binary(data)
        decoded = decode(data, options.encoding)
    except DocumentError as error:
        return Source(path, media_type=media_type, n_bytes=len(data), file_sha256=digest, error=error)
    return Source(
        path,
        media_type=media_type,
        encoding=decoded.encoding,
        encoding_confidence=decoded.confidence,
        file_sha256=digest,
        n_bytes=len(data),
        document=Document.of(decoded.text),
    )


def _refuse_binary(data: bytes) -> None:
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            raise DocumentError("unsupported", f"not plain text: {kind}")
    if data.startswith(b"ustar", 257):
        raise DocumentError("unsupported", "not plain text: a tar archive")


def _too_large(options: ReadOptions) -> DocumentError:
    return DocumentError("too_large", f"more than {options.max_file_bytes} bytes (NERQ_MAX_FILE_BYTES)")
