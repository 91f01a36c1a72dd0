"""A zip archive -> the files in it, as if it were a folder. Nothing is unpacked to a disk."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from worker.documents import kinds
from worker.documents.bounds import Bounds, bounded
from worker.documents.content import Content, head, in_memory
from worker.documents.document import Skipped
from worker.documents.files import is_included
from worker.documents.formats.media_types import PARQUET, TEXT, ZIP
from worker.documents.options import ReadOptions
from worker.errors import DocumentError

#: Archives in archives that are opened.
MAX_DEPTH = 3
#: Files that an archive may list.
_MAX_MEMBERS = 100_000
#: Of the resource forks that macOS puts beside the files.
_MAC_FOLDER = "__MACOSX"
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Archive:
    """An open archive within its bounds, which it shares with those in it."""

    path: str
    way: tuple[str, ...]  #: to it, inside of what was named
    zip: zipfile.ZipFile
    bounds: Bounds
    depth: int
    takes_all: bool  #: whether patterns choose among its members

    def members(self) -> list[zipfile.ZipInfo]:
        """Its files in order of name, without folders."""
        return sorted(
            (i for i in self.zip.infolist() if not i.filename.endswith("/")), key=lambda info: info.filename
        )

    def member_path(self, info: zipfile.ZipInfo) -> str:
        """The path of a member, as if the archive were a folder."""
        return "/".join((self.path, *_names(info)))


@contextmanager
def open_archive(
    content: Content, way: tuple[str, ...], options: ReadOptions, outer: Archive | None = None
) -> Iterator[Archive]:
    """The archive in this content.

    Raises:
        DocumentError: `damaged`, or `too_complex` for too many files or too many archives in each other.
    """
    depth = outer.depth + 1 if outer else 1
    if depth > MAX_DEPTH:
        raise DocumentError("too_complex", f"more than {MAX_DEPTH} archives in each other; unpack it first")
    try:
        opened = zipfile.ZipFile(content.file)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise DocumentError("damaged", "it is no whole zip archive") from error
    with opened:
        if len(opened.infolist()) > _MAX_MEMBERS:
            raise DocumentError("too_complex", f"more than {_MAX_MEMBERS:,} files in one archive")
        bounds = outer.bounds if outer else Bounds(content.size or 0)
        takes_all = not options.include or (outer.takes_all if outer else is_included(way, options))
        yield Archive(content.path, way, opened, bounds, depth, takes_all)


@contextmanager
def open_member(archive: Archive, info: zipfile.ZipInfo, options: ReadOptions) -> Iterator[Content | Skipped]:
    """The content of a member; Skipped for what would be skipped in a folder.

    Raises:
        DocumentError: it cannot be read: `encrypted`, `damaged`, `unsupported` or `too_large`.
    """
    path, names = archive.member_path(info), _names(info)
    if not names or any(name.startswith(".") for name in names) or _MAC_FOLDER in names:
        yield Skipped(path, "hidden")
        return
    if stat.S_ISLNK(info.external_attr >> 16):
        yield Skipped(path, "symlink")
        return
    wanted = archive.takes_all or is_included((*archive.way, *names), options)
    if not wanted and kinds.media_type(names[-1]) != ZIP:
        yield Skipped(path, "not included")
        return
    if info.flag_bits & _ENCRYPTED:
        raise DocumentError("encrypted", "it needs a password; unpack it first")
    with _stream(archive, info) as file:
        media_type = kinds.media_type(names[-1], head(file)) or (TEXT if options.include else None)
        if media_type is None:
            yield Skipped(path, kinds.kind_of_suffix(names[-1]))
            return
        content = Content(path, names[-1], file, media_type, info.file_size)
        yield in_memory(content, options) if media_type in (PARQUET, ZIP) else content


@contextmanager
def _stream(archive: Archive, info: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    try:
        stream = archive.zip.open(info)
    except NotImplementedError as error:
        raise DocumentError("unsupported", "compressed in a way that there is no reader for") from error
    except RuntimeError as error:
        raise DocumentError("encrypted", "it needs a password; unpack it first") from error
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DocumentError("damaged", "the archive is damaged where this file is") from error
    with stream:
        yield bounded(stream, archive.bounds)


def _names(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """The names on the way to a member; none leads out of the archive."""
    return tuple(name for name in info.filename.replace("\\", "/").split("/") if name not in ("", ".", ".."))
