"""The numbered lines of a UTF-8 file, and a file written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

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
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a file to write to")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
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
