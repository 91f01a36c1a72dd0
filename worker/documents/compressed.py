"""A .gz file -> what is compressed in it, as if it lay there by itself."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from worker.documents import kinds
from worker.documents.bounds import Bounds, bounded
from worker.documents.content import Content, head, in_memory
from worker.documents.document import Skipped
from worker.documents.formats.media_types import GZIP, PARQUET, TEXT, ZIP
from worker.documents.options import ReadOptions
from worker.errors import DocumentError


@contextmanager
def unpacked(content: Content, options: ReadOptions) -> Iterator[Content | Skipped]:
    """The content of a gzip-compressed file, under the file's own path; Skipped if there is no reader for it.

    Raises:
        DocumentError: it is no whole gzip file, or holds another archive; or `unsupported` if the file was named.
    """
    name = content.name[: -len(".gz")] if content.name.lower().endswith(".gz") else content.name
    with gzip.GzipFile(fileobj=content.file) as stream:
        file = bounded(stream, Bounds(content.size or 0))
        start = head(file)
        if start.startswith(b"ustar", 257):
            raise DocumentError("unsupported", "a tar archive; unpack it first")
        media_type = kinds.media_type(name, start)
        if content.is_named and not PurePosixPath(name).suffix:
            media_type = media_type or TEXT
        if media_type in (GZIP, ZIP):
            raise DocumentError("too_complex", "an archive in a .gz file; unpack it first")
        if media_type is None and not content.is_named:
            yield Skipped(content.path, kinds.kind_of_suffix(content.name))
            return
        if media_type is None:
            raise DocumentError("unsupported", _no_reader(name))
        inner = Content(content.path, name, file, media_type, None, content.is_named)
        yield in_memory(inner, options) if media_type == PARQUET else inner


def _no_reader(name: str) -> str:
    suffix = PurePosixPath(name).suffix
    kind = f"a {suffix} file" if suffix.isascii() and suffix.isprintable() and suffix else "what is in it"
    return f"no reader for {kind}; there are {kinds.SUPPORTED}"
