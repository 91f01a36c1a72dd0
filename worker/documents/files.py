"""Folders -> the files in them, what is skipped and why."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from worker.documents.opening import Location, document_error, listed
from worker.documents.options import ReadOptions
from worker.errors import DocumentError, NotFoundError

TEXT = "text/plain"
MARKDOWN = "text/markdown"
JSONL = "application/jsonl"

_MEDIA_TYPES = {
    ".txt": TEXT,
    ".text": TEXT,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".jsonl": JSONL,
    ".ndjson": JSONL,
}


#: A longer suffix, dot included, names no kind of file; nor does one with digits (`backup.20240101`, `part.r07`).
_MAX_SUFFIX_CHARS = 10


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read, or one that was asked for and cannot be read."""

    path: str  #: as it was given, joined with the way through the folder; always encodable
    location: Location  #: for the operating system
    media_type: str | None = None
    error: DocumentError | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a folder that is passed over.

    Reasons: `hidden`, `symlink`, `not a file`, `not included`, `no records`, `no suffix`, the suffix that no
    reader is for (`.pdf`), or `other` for a suffix that looks made up, of which there may be any number.
    """

    path: str
    reason: str


def find_files(paths: Sequence[str | Path], options: ReadOptions) -> Iterator[FoundFile | Skipped]:
    """The files under the paths, folder by folder in order of name; links in folders are not followed.

    Memory grows with the number of names in one folder, never with the number of files in all.

    Raises:
        NotFoundError: a path does not exist; raised at once, before any file is found.
    """
    given = [Path(path) for path in paths]
    for path in given:
        _require(path)
    return _find(given, options)


def displayed_path(path: Path) -> str:
    r"""The path with slashes, and with bytes that are not UTF-8 made visible (`caf\xe9.txt`)."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _require(path: Path) -> None:
    try:
        path.stat()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG):
            raise NotFoundError(f"{displayed_path(path)}: no such file or folder") from error
    except ValueError as error:  # a NUL in the name
        raise NotFoundError(f"{str(path)!r}: no such file or folder") from error


def _find(paths: Iterable[Path], options: ReadOptions) -> Iterator[FoundFile | Skipped]:
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError as os_error:
            yield FoundFile(displayed_path(path), Location(path), error=document_error(os_error))
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(path, options)
        elif not stat.S_ISREG(mode):
            error = DocumentError(
                "not_a_file", "neither a file nor a folder; pipe it in and name it `-` instead"
            )
            yield FoundFile(displayed_path(path), Location(path), error=error)
        else:
            yield _named(path, options)


def _named(path: Path, options: ReadOptions) -> FoundFile:
    """A file that was named itself: a link is followed, and what cannot be read is an error, not skipped."""
    shown, name = displayed_path(path), path.name
    media_type = _media_type((name,), options) if options.include else None
    media_type = media_type or _MEDIA_TYPES.get(_suffix(name))
    if media_type is None:
        supported = ", ".join(_MEDIA_TYPES)
        error = DocumentError("unsupported", f"no reader for this kind of file; there are {supported}")
        return FoundFile(shown, Location(path), error=error)
    return FoundFile(shown, Location(path), media_type)


def _walk(root: Path, options: ReadOptions) -> Iterator[FoundFile | Skipped]:
    """Depth first without recursion, since folders may be nested deeper than Python's stack."""
    stack = [_Folder(Location(root))]
    while stack:
        folder = stack[-1]
        try:
            name = folder.next_name()
        except OSError as error:
            yield FoundFile(
                displayed_path(folder.location.path), folder.location, error=document_error(error)
            )
            name = None
        if name is None:
            stack.pop()
            continue
        location = folder.location / name
        kind = folder.kinds.get(name, _FILE)
        if kind == _FOLDER and not name.startswith("."):
            stack.append(_Folder(location))
        else:
            yield _examine(name, kind, location, options)


def _examine(name: str, kind: str, location: Location, options: ReadOptions) -> FoundFile | Skipped:
    shown = displayed_path(location.path)
    if name.startswith("."):
        return Skipped(shown, "hidden")
    if kind != _FILE:
        return Skipped(shown, kind)
    media_type = _media_type(location.way, options)
    if media_type is None:
        return Skipped(shown, "not included" if options.include else _kind_of_suffix(_suffix(name)))
    return FoundFile(shown, location, media_type)


def _media_type(way: Sequence[str], options: ReadOptions) -> str | None:
    """How to read the file: by its suffix, and as plain text where only a pattern asks for it."""
    known = _MEDIA_TYPES.get(_suffix(way[-1]))
    if not options.include:
        return known
    inside = "/".join(way)
    wanted = any(fnmatchcase(inside if "/" in pattern else way[-1], pattern) for pattern in options.include)
    return (known or TEXT) if wanted else None


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _kind_of_suffix(suffix: str) -> str:
    is_made_up = len(suffix) > _MAX_SUFFIX_CHARS or any(map(str.isdigit, suffix)) or not suffix.isprintable()
    return "other" if is_made_up else suffix or "no suffix"


_FILE, _FOLDER, _SYMLINK, _SPECIAL = "file", "folder", "symlink", "not a file"


class _Folder:
    """A folder on the way: its names in order, and the kind of those that are no regular files."""

    __slots__ = ("_names", "kinds", "location")

    def __init__(self, location: Location) -> None:
        self.location = location
        self.kinds: dict[str, str] = {}
        self._names: Iterator[str] | None = None

    def next_name(self) -> str | None:
        """The next name; the folder is read at the first call.

        Raises:
            OSError: the folder cannot be read.
        """
        if self._names is None:
            self._names = iter(())
            self._names = iter(sorted(self._read()))
        return next(self._names, None)

    def _read(self) -> Iterator[str]:
        with listed(self.location) as entries:
            for entry in entries:
                kind = _kind(entry)
                if kind != _FILE:
                    self.kinds[entry.name] = kind
                yield entry.name


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return _SYMLINK
    if entry.is_dir(follow_symlinks=False):
        return _FOLDER
    return _FILE if entry.is_file(follow_symlinks=False) else _SPECIAL
