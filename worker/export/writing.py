"""Documents -> a file, a folder or an open stream, in a format by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, get_args

from worker.annotations.lines import new_file
from worker.export.brat_folder import write_brat_folder
from worker.export.parquet import ParquetFile
from worker.export.selection import Tally
from worker.export.spacy_docs import SpacyFile
from worker.export.streams import STREAMS, Source, Stream, Style, stream_lines
from worker.store import JobDocument

Format = Literal[Stream, "parquet", "brat", "spacy"]
FORMATS: tuple[Format, ...] = get_args(Format)

_Documents = Iterable[JobDocument]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written."""

    form: Format
    source: Source
    style: Style
    common: str  #: the folder that all sources lay in, which brat mirrors

    def lines(self, documents: _Documents, tally: Tally) -> Iterator[str]:
        """The lines of a format that is a stream, without their ends."""
        form = next(form for form in STREAMS if form == self.form)
        return stream_lines(form, documents, tally, self.source, self.style)

    def write(self, documents: _Documents, tally: Tally, path: Path) -> None:
        """Write it whole or not at all; what went out is counted in `tally`.

        Raises:
            InputError: the path cannot be written.
            SettingsError: the library of the format is not installed.
        """
        if self.form == "brat":
            write_brat_folder(documents, tally, self.source, path, self.common)
            return
        write = self._writer()
        with new_file(path) as file:
            write(documents, tally, file)

    def _writer(self) -> Callable[[_Documents, Tally, BinaryIO], None]:
        if self.form == "parquet":
            return ParquetFile(self.source, self.style.offsets).write
        return SpacyFile(self.source).write if self.form == "spacy" else self._write_lines

    def _write_lines(self, documents: _Documents, tally: Tally, file: BinaryIO) -> None:
        for line in self.lines(documents, tally):
            file.write(f"{line}\n".encode())
