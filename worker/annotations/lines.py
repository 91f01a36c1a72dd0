"""The numbered lines of a UTF-8 file, and a file written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from worker.errors import InputError, NotFoundError


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Each line with its number from 1, without its end (LF or CRLF) and without a byte order mark.

    Raises:
        NotFoundError: no such file.
        InputError: it cannot be read, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield number, _decode(line, path, number)
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}") from error


def write_lines(lines: Iterable[str], path: Path) -> None:
    """Write the lines as UTF-8 in place of what is there; if anything fails, what is there stays."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            for line in lines:
                file.write(line)
                file.write("\n")
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _decode(line: bytes, path: Path, number: int) -> str:
    if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path}:1: UTF-16; annotated files are UTF-8")
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}:{number}: not UTF-8 (byte {error.start + 1} of the line)") from error
    return text.removesuffix("\n").removesuffix("\r")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
