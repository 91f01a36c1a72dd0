"""Folders -> the files in them, what is skipped and why."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from worker.documents import kinds
from worker.documents.document import Skipped
from worker.documents.formats import HEAD_BYTES
from worker.documents.formats.media_types import TEXT, ZIP
from worker.documents.kinds import kind_of_suffix
from worker.documents.opening import Location, document_error, listed, open_regular
from worker.documents.options import ReadOptions
from worker.errors import DocumentError, NotFoundError


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read, or one that was asked for and cannot be read."""

    path: str  #: as it was given, joined with the way through the folder; always encodable
    location: Location  #: for the operating system
    media_type: str | None = None  #: by its name; what is in it may say otherwise
    error: DocumentError | None = None
    is_named: bool = False  #: given itself, not found in a folder: what cannot be read of it is an error
    data: bytes | None = None  #: its content, where that came from elsewhere

    def __reduce__(self) -> tuple[type[FoundFile], tuple[object, ...]]:
        return FoundFile, (
            self.path,
            self.location,
            self.media_type,
            self.error,
            self.is_named,
            self.data,
        )

    @property
    def name(self) -> str:
        """Its last name, by which its kind is told."""
        return self.path.rpartition("/")[2]


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
        except OSError as error:
            yield FoundFile(displayed_path(path), Location(path), error=document_error(error))
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(path, options)
        elif not stat.S_ISREG(mode):
            refusal = DocumentError(
                "not_a_file", "neither a file nor a folder; pipe it in and name it `-` instead"
            )
            yield FoundFile(displayed_path(path), Location(path), error=refusal)
        else:
            yield _named(path, options)


def _named(path: Path, options: ReadOptions) -> FoundFile:
    """A file that was named itself: a link is followed, and what cannot be read is an error, not skipped."""
    shown, name = displayed_path(path), path.name
    location = Location(path)
    media_type = _included((name,), options) if options.include else None
    try:
        media_type = media_type or kinds.media_type(name) or _by_content(name, location)
    except DocumentError as error:
        return FoundFile(shown, location, error=error, is_named=True)
    if media_type is None:
        refused = DocumentError("unsupported", kinds.refusal(name))
        return FoundFile(shown, location, error=refused, is_named=True)
    return FoundFile(shown, location, media_type, is_named=True)


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
            yield _examine(name, kind, location, folder.shown(name), options)


def _examine(
    name: str, kind: str, location: Location, shown: str, options: ReadOptions
) -> FoundFile | Skipped:
    if name.startswith("."):
        return Skipped(shown, "hidden")
    if kind != _FILE:
        return Skipped(shown, kind)
    if options.include:
        media_type = _included(location.way, options)
        return FoundFile(shown, location, media_type) if media_type else Skipped(shown, "not included")
    media_type = kinds.media_type(name)
    if media_type is None:
        with contextlib.suppress(DocumentError):  # not to be read, so not worth an error
            media_type = _by_content(name, location)
    return FoundFile(shown, location, media_type) if media_type else Skipped(shown, kind_of_suffix(name))


def _included(way: Sequence[str], options: ReadOptions) -> str | None:
    """How to read a file that a pattern asks for: as plain text, whatever its suffix, if there is no other reader.

    An archive is a folder: it is opened for the files in it that are asked for.
    """
    known = kinds.media_type(way[-1])
    if is_included(way, options) or known == ZIP:
        return known or TEXT
    return None


def is_included(way: Sequence[str], options: ReadOptions) -> bool:
    """Whether a pattern asks for the file; a pattern with a slash is matched against the whole way."""
    inside = "/".join(way)
    return any(fnmatchcase(inside if "/" in pattern else way[-1], pattern) for pattern in options.include)


def _by_content(name: str, location: Location) -> str | None:
    """What a file is whose name does not tell. Raises DocumentError."""
    with open_regular(location) as file:
        return kinds.media_type(name, file.read(HEAD_BYTES) or b"")


_FILE, _FOLDER, _SYMLINK, _SPECIAL = "file", "folder", "symlink", "not a file"


class _Folder:
    """A folder on the way: its names in order, and the kind of those that are no regular files."""

    __slots__ = ("_names", "_prefix", "kinds", "location")

    def __init__(self, location: Location) -> None:
        self.location = location
        self._prefix = displayed_path(location.path / "x")[:-1]
        self.kinds: dict[str, str] = {}
        self._names: Iterator[str] | None = None

    def shown(self, name: str) -> str:
        """The displayed path of a file in it."""
        return self._prefix + (name if name.isascii() else displayed_path(Path(name)))

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
