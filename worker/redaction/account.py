"""What was replaced where: a table with a line for each place, which holds none of the names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self

from worker.annotations.lines import new_file
from worker.export.csv_rows import csv_lines
from worker.pages import find_page
from worker.redaction.occurrences import Stretch
from worker.store import JobDocument

#: Offsets are those of the original, in characters; `found` is where the model found the name: here, or elsewhere.
_KEYS = ("copy", "path", "record", "page", "start", "end", "label", "sign", "found")


class Account:
    """Takes down what is replaced, in CSV that a spreadsheet can open; without a file it forgets it."""

    def __init__(self, file: BinaryIO | None = None) -> None:
        self._file = file
        self._write(csv_lines([], _KEYS))

    def add(self, document: JobDocument, copy: Path, replaced: Sequence[tuple[Stretch, str]]) -> None:
        """Note the stretches of a document with their signs; `copy` is the path of its copy in the folder."""
        rows = [self._row(document, copy, stretch, sign) for stretch, sign in replaced]
        lines = csv_lines(rows, _KEYS, is_excel_safe=True)
        next(lines)  # the heading is there already
        self._write(lines)

    @classmethod
    @contextmanager
    def opened(cls, path: Path | None) -> Iterator[Self]:
        """One that takes its place at the end of the block, for its owner alone; None: one without a file.

        Raises:
            InputError: the path cannot be written.
        """
        if path is None:
            yield cls()
            return
        with new_file(path, is_private=True) as file:
            yield cls(file)

    def _write(self, lines: Iterator[str]) -> None:
        if self._file:
            self._file.writelines(f"{line}\n".encode() for line in lines)

    @staticmethod
    def _row(document: JobDocument, copy: Path, stretch: Stretch, sign: str) -> dict[str, Any]:
        return {
            "copy": str(copy),
            "path": document.path,
            "record": document.record,
            "page": find_page(stretch.start, document.page_starts),
            "start": stretch.start,
            "end": stretch.end,
            "label": stretch.label,
            "sign": sign,
            "found": "here" if stretch.is_found else "elsewhere",
        }
