"""A CSV or TSV file -> one source for each row, read row by row whatever its size."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO

from worker.documents.content import Content, refuse_changed
from worker.documents.decoding import decode, marked_encoding
from worker.documents.dialects import find_dialect
from worker.documents.document import Document, Source, Table
from worker.documents.fields import as_metadata, choose_columns, record_name
from worker.documents.formats.media_types import TSV
from worker.documents.options import ReadOptions
from worker.errors import DocumentError
from worker.text import storable

_CHUNK_BYTES = 1 << 20
#: Of the first lines, by which the dialect is told.
_SAMPLE_CHARS, _SAMPLE_LINES = 262_144, 200


def read_table(content: Content, options: ReadOptions) -> Iterator[Source | Table]:
    """How the table is understood, then a source for each row; a bad row is a failed source and the others go on.

    A row is named by its id, or by the number of the line on which it begins.
    """
    try:
        encoding, confidence = _encoding(content.file, options)
        text = io.TextIOWrapper(_View(content.file), encoding, errors="surrogateescape", newline="")
        yield from _read(content, text, _Facts(encoding, confidence, options))
        refuse_changed(content)
    except UnicodeError:
        error = DocumentError("undecodable", f"from some row on it is not valid {encoding}")
        yield Source(content.path, media_type=content.media_type, error=error)
    except DocumentError as document_error:
        yield Source(content.path, media_type=content.media_type, error=document_error)


@dataclass(frozen=True, slots=True)
class _Facts:
    encoding: str
    confidence: float | None
    options: ReadOptions


def _read(content: Content, text: io.TextIOWrapper, facts: _Facts) -> Iterator[Source | Table]:
    options = facts.options
    sample = _sample(text)
    dialect = find_dialect(sample, options.delimiter, content.media_type == TSV)
    lines = _Lines(text, options.max_file_bytes)
    rows = dialect.rows(lines)
    header = _header(rows, lines, options)
    if header is None:
        return
    text_field, id_field = choose_columns(header, options)
    yield Table(content.path, dialect.delimiter, text_field, id_field)
    places = _Places(header, header.index(text_field), header.index(id_field) if id_field else None)
    while (row := _next_row(rows, lines, options)) is not None:
        if row != []:
            yield _source(content, row, lines.first_number, places, facts)


@dataclass(frozen=True, slots=True)
class _Places:
    """The columns, and the numbers of those with the text and the id."""

    header: Sequence[str]
    text: int
    id: int | None


def _header(rows: Iterator[list[str]], lines: _Lines, options: ReadOptions) -> list[str] | None:
    """The names of the columns; None for an empty file."""
    row: list[str] | DocumentError | None = []
    while row == []:
        row = _next_row(rows, lines, options)
    if isinstance(row, DocumentError):
        raise DocumentError("bad_table", f"the row with the names of the columns: {row.detail}")
    return row


def _next_row(
    rows: Iterator[list[str]], lines: _Lines, options: ReadOptions
) -> list[str] | DocumentError | None:
    """The cells of a row, what is wrong with it, or None at the end; blank lines have no cells."""
    lines.begin_row()
    try:
        return next(rows, None)
    except _RowTooLongError:
        return DocumentError(
            "too_large", f"a row of more than {options.max_file_bytes} characters (NERQ_MAX_FILE_BYTES)"
        )
    except csv.Error as error:
        where = f"lines {lines.first_number} to {lines.number}: " if lines.number > lines.first_number else ""
        reason = next(
            (ours for theirs, ours in _REASONS.items() if theirs in str(error)), "no row of a table"
        )
        return DocumentError("bad_row", where + reason)


#: What csv says of a row, in words that name no characters of it.
_REASONS = {
    "expected after": "something between a closing quote and the end of its cell",
    "unexpected end": "a quote that is never closed",
    "new-line": "an end of a line in a cell without quotes",
}


def _source(
    content: Content, row: list[str] | DocumentError, number: int, places: _Places, facts: _Facts
) -> Source:
    record, document, metadata, error = str(number), None, None, None
    try:
        cells = _cells(row, places)
        record = record_name(cells[places.id] if places.id is not None else None, number)
        document = Document.of(_text(cells[places.text], facts.encoding))
        metadata = as_metadata(list(_others(cells, places)))
    except DocumentError as document_error:
        error = document_error
    return Source(
        content.path,
        record=record,
        media_type=content.media_type,
        encoding=codecs.lookup(facts.encoding).name if document else None,
        encoding_confidence=facts.confidence if document else None,
        metadata=metadata,
        document=document,
        error=error,
    )


def _cells(row: list[str] | DocumentError, places: _Places) -> list[str]:
    if isinstance(row, DocumentError):
        raise row
    if len(row) != len(places.header):
        raise DocumentError("bad_row", f"{len(row)} cells, where there are {len(places.header)} columns")
    return row


def _text(cell: str, encoding: str) -> str:
    try:
        cell.encode()
    except UnicodeEncodeError as error:
        raise DocumentError("undecodable", f"the text of the row is not valid {encoding}") from error
    return storable(cell)


def _others(row: Sequence[str], places: _Places) -> Iterator[tuple[str, str]]:
    """The other columns; one whose name was there before gets a number that makes it another name."""
    taken = set(places.header)
    seen: dict[str, int] = {}
    for place, (name, cell) in enumerate(zip(places.header, row, strict=True)):
        if place in (places.text, places.id):
            continue
        number = seen.get(name, 0) + 1
        while number > 1 and f"{name} ({number})" in taken:
            number += 1
        seen[name] = number
        yield (name if number == 1 else f"{name} ({number})"), cell


def _encoding(file: IO[bytes], options: ReadOptions) -> tuple[str, float | None]:
    """The encoding that holds for the whole table, and how sure that is; the file is at its start again.

    One that is almost UTF-8 is UTF-8: the rows that are not fail alone.
    """
    first: bytes = file.read(_CHUNK_BYTES)
    file.seek(0)
    if certain := options.encoding or marked_encoding(first):
        return certain, None
    if first.count(0) * 20 > len(first):
        decoded = decode(first[: len(first) // 2 * 2])
        return decoded.encoding, decoded.confidence
    odd = _first_odd_chunk(file)
    file.seek(0)
    if not odd:
        return "utf-8", None
    try:
        decoded = decode(odd)
    except DocumentError:
        return "utf-8", None
    return decoded.encoding, decoded.confidence


def _first_odd_chunk(file: IO[bytes]) -> bytes:
    """The first part of the file that is not UTF-8, cut at ends of lines; empty if all is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    while chunk := file.read(_CHUNK_BYTES):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            whole_lines = chunk[chunk.find(b"\n") + 1 :] if file.tell() > len(chunk) else chunk
            return whole_lines[: whole_lines.rfind(b"\n") + 1] or chunk
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        file.seek(0)
        return file.read(_CHUNK_BYTES)
    return b""


def _sample(text: io.TextIOWrapper) -> list[str]:
    """The first lines; the text is at its start again."""
    n_chars = 0
    sample: list[str] = []
    for line in islice(iter(lambda: text.readline(_SAMPLE_CHARS), ""), _SAMPLE_LINES):
        n_chars += len(line)
        if sample and n_chars > _SAMPLE_CHARS:
            break
        sample.append(line.removeprefix("\ufeff"))
    text.seek(0)
    return sample


class _RowTooLongError(Exception):
    """The row in hand has more characters than a document may have; it ends with its line."""


class _Lines:
    """The lines of a text for a csv reader, which may ask for any number of them for one row."""

    def __init__(self, text: io.TextIOWrapper, max_chars: int) -> None:
        self._text = text
        self._max_chars = max_chars
        self._n_chars = 0
        self.number = 0  #: of the line that was read last, from 1
        self.first_number = 1  #: of the first line of the row

    def begin_row(self) -> None:
        """The next line begins a row."""
        self.first_number, self._n_chars = self.number + 1, 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._max_chars + 1)
        if not line:
            raise StopIteration
        if not self.number:
            line = line.removeprefix("\ufeff")
        self.number += 1
        self._n_chars += len(line)
        if self._n_chars > self._max_chars:
            while len(line) == self._max_chars + 1 and line[-1] not in "\r\n":
                line = self._text.readline(self._max_chars + 1)
            raise _RowTooLongError
        return line


class _View(io.BufferedReader):
    """A file that is read through this, and left open when this is thrown away."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(_Raw(file), _CHUNK_BYTES)


class _Raw(io.RawIOBase):
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
