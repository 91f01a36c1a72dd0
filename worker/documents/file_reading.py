"""One file -> its sources, by the kind of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from worker.documents.archives import Archive, open_archive, open_member
from worker.documents.compressed import unpacked
from worker.documents.content import Content, opened, refuse_changed
from worker.documents.document import Skipped, Source, Table
from worker.documents.files import FoundFile
from worker.documents.formats.media_types import CSV, GZIP, JSONL, PARQUET, TSV, ZIP
from worker.documents.options import ReadOptions
from worker.documents.parquet import read_parquet
from worker.documents.records import read_records
from worker.documents.tables import read_table
from worker.documents.text_file import read_document
from worker.documents.visit import Visit
from worker.errors import DocumentError

#: What reading gives: sources, and what is worth telling about files that are none.
Result: TypeAlias = Source | Skipped | Table


def read_file(found: FoundFile, options: ReadOptions, visit: Visit) -> Iterator[Result]:
    """What is in a file; what goes wrong is the error of a source.

    Raises:
        NeedsReaderError: the visit does not admit it; nothing was read.
    """
    try:
        visit.enter()
        with opened(found) as content:
            visit.admit(content.media_type, content.size)
            if content.media_type == ZIP:
                with open_archive(content, found.location.way or (found.name,), options) as archive:
                    yield from _read_archive(archive, options, visit)
                refuse_changed(content)
            else:
                yield from _read_content(content, options)
    except DocumentError as error:
        yield Source(found.path, media_type=found.media_type, error=error)


def _read_archive(archive: Archive, options: ReadOptions, visit: Visit) -> Iterator[Result]:
    for info in archive.members():
        path = archive.member_path(info)
        try:
            visit.enter()
            with open_member(archive, info, options) as content:
                if isinstance(content, Skipped):
                    yield content
                elif content.media_type == ZIP:
                    way = (*archive.way, content.name)
                    with open_archive(content, way, options, archive) as inner:
                        yield from _read_archive(inner, options, visit)
                elif not visit.is_passing:
                    yield from _read_content(content, options)
        except DocumentError as error:
            yield Source(path, error=error)


def _read_content(content: Content, options: ReadOptions) -> Iterator[Result]:
    try:
        if content.media_type == GZIP:
            yield from _read_gzip(content, options)
        elif content.media_type in _RECORD_READERS:
            yield from _read_records(content, options)
        else:
            yield read_document(content, options)
    except (MemoryError, RecursionError):
        error = DocumentError("too_complex", "reading it takes more memory than a reader may have")
        yield Source(content.path, media_type=content.media_type, error=error)


def _read_records(content: Content, options: ReadOptions) -> Iterator[Result]:
    has_records = False
    for result in _RECORD_READERS[content.media_type](content, options):
        has_records |= isinstance(result, Source)
        yield result
    if not has_records:
        yield Skipped(content.path, "no records")


def _read_gzip(content: Content, options: ReadOptions) -> Iterator[Result]:
    """What is compressed in it; the hash of a document's file is that of the compressed one."""
    with unpacked(content, options) as inner:
        if isinstance(inner, Skipped):
            yield inner
            return
        for result in _read_content(inner, options):
            refuse_changed(content)
            if isinstance(result, Source) and result.file_sha256:
                content.file.seek(0)
                digest = hashlib.file_digest(content.file, "sha256").hexdigest()  # type: ignore[arg-type]
                yield replace(result, file_sha256=digest, n_bytes=content.size)
            else:
                yield result


_RECORD_READERS = {JSONL: read_records, CSV: read_table, TSV: read_table, PARQUET: read_parquet}
