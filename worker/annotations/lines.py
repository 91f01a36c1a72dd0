"""The numbered lines of a UTF-8 file, and a file or folder written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from worker.annotations.problems import OnProblem, Place, Problem, refuse
from worker.errors import InputError, NotFoundError

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_lines(path: Path, on_problem: OnProblem = refuse) -> Iterator[tuple[int, str]]:
    """Each line with its number from 1, without its end (LF or CRLF) and without a byte order mark.

    A line that is not UTF-8 is a problem; with what can be made of it reading goes on.

    Raises:
        NotFoundError: no such file.
        InputError: it cannot be read, or what `on_problem` raises.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if number == 1 and line.startswith(_UTF16_MARKS):
                    on_problem(
                        Problem(
                            "encoding", Place(path, 1), "UTF-16; annotated files are UTF-8: convert it first"
                        )
                    )
                    return
                yield number, _decode(line, Place(path, number), on_problem)
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}") from error


def write_lines(lines: Iterable[str], path: Path) -> None:
    """Write the lines as UTF-8 in place of what is there; if anything fails, what is there stays.

    Raises:
        InputError: the folder does not exist or cannot be written to.
    """
    with new_file(path) as file:
        for line in lines:
            file.write(f"{line}\n".encode())


@contextmanager
def new_file(path: Path, *, is_private: bool = False) -> Iterator[BinaryIO]:
    """A file that takes its place at the end of the block; if the block raises, what was there stays.

    A pipe or a device, such as /dev/stdout, is written to as it is. `is_private`: only the owner may read it.

    Raises:
        InputError: the path is a folder, or cannot be written.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a file to write to")
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
            return
        # A link stays one; /dev/stdout is one, too.
        place = path.resolve()
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            Path(name).chmod(0o600 if is_private else 0o666 & ~_umask())
            Path(name).replace(place)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """An empty folder that takes its place, and that of a folder that was there, at the end of the block.

    Raises:
        InputError: it cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as place:
            new = Path(place) / "new"
            new.mkdir()
            yield new
            old = Path(place) / "old"
            if path.exists():
                path.rename(old)
            try:
                new.rename(path)
            except OSError:
                if old.exists():  # or it would go with the temporary folder
                    old.rename(path)
                raise
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def _decode(line: bytes, place: Place, on_problem: OnProblem) -> str:
    encoding = "utf-8-sig" if place.line == 1 else "utf-8"
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError as error:
        on_problem(Problem("encoding", place, f"not UTF-8 (byte {error.start + 1} of the line)"))
        text = line.decode(encoding, errors="replace")
    return text.removesuffix("\n").removesuffix("\r")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
