"""A JSON Lines file -> one source for each record, read line by line whatever its size."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO

from worker.documents.content import Content
from worker.documents.document import Document, Source
from worker.documents.fields import as_metadata, record_name
from worker.documents.formats.media_types import JSONL
from worker.documents.options import ReadOptions
from worker.errors import DocumentError
from worker.text import storable

_CHUNK_BYTES = 1 << 20


def read_records(content: Content, options: ReadOptions) -> Iterator[Source]:
    """A source for each line that is not blank; a bad line is a failed source and the others go on.

    A record is named by its id, or by the number of its line. `Source.n_bytes` is the length of the line.
    """
    try:
        _refuse_wide(content.file, options)
        for number, line in _lines(content.file, content.size, options.max_file_bytes):
            if line is None or line.strip():
                yield _source(content.path, number, line, options)
        refuse_rewritten(content)
    except DocumentError as error:
        yield Source(content.path, media_type=JSONL, error=error)


def refuse_rewritten(content: Content) -> None:
    """Records may be added to a file while it is read; they are not of this reading. Nothing else may change."""
    if content.has_shrunk_or_was_rewritten:
        raise DocumentError(
            "changed", "the file was rewritten while it was read: some of its records may be missing"
        )


def _refuse_wide(file: IO[bytes], options: ReadOptions) -> None:
    """Lines can only be told apart where a newline is one byte."""
    head = file.read(2)
    file.seek(0)
    try:
        is_narrow = b"\n".decode(options.encoding or "utf-8") == "\n"
    except UnicodeError:
        is_narrow = False
    if not is_narrow or head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise DocumentError("undecodable", "JSON Lines must be UTF-8 or another encoding that extends ASCII")


def _lines(file: IO[bytes], size: int | None, max_bytes: int) -> Iterator[tuple[int, bytes | None]]:
    """Each line that begins before `size`, with its number from 1; None for one that is longer than `max_bytes`."""
    number = position = 0
    while (size is None or position < size) and (line := file.readline(max_bytes + 1)):
        number += 1
        position += len(line)
        if len(line) <= max_bytes or line.endswith(b"\n"):
            yield number, line
        else:
            while (rest := file.readline(_CHUNK_BYTES)) and not rest.endswith(b"\n"):
                position += len(rest)
            position += len(rest)
            yield number, None


def _source(path: str, number: int, line: bytes | None, options: ReadOptions) -> Source:
    encoding = options.encoding or "utf-8"
    record, document, metadata, error = str(number), None, None, None
    try:
        fields = _parse(line, encoding, options.max_file_bytes)
        id_field, text_field = options.id_field or "id", options.text_field or "text"
        record = record_name(_field(fields, id_field), number)
        document = Document.of(_text(fields, text_field))
        metadata = as_metadata([(key, value) for key, value in fields if key not in (id_field, text_field)])
    except DocumentError as document_error:
        document, error = None, document_error
    except RecursionError:
        document, error = None, DocumentError("bad_json", _TOO_DEEP)
    return Source(
        path,
        record=record,
        media_type=JSONL,
        encoding=codecs.lookup(encoding).name if document else None,
        n_bytes=None if line is None else len(line),
        metadata=metadata,
        document=document,
        error=error,
    )


class _Fields(tuple[tuple[str, object], ...]):
    """The fields of a JSON object as they stand: a dict would silently drop all but the last of those with one name."""

    __slots__ = ()


_TOO_DEEP = "a number too long or a nesting too deep"


def _parse(line: bytes | None, encoding: str, max_bytes: int) -> _Fields:
    if line is None:
        raise DocumentError("too_large", f"a line of more than {max_bytes} bytes (NERQ_MAX_FILE_BYTES)")
    try:
        fields = json.loads(line.decode(encoding).removeprefix("\ufeff"), object_pairs_hook=_Fields)
    except UnicodeError as error:
        raise DocumentError("undecodable", f"the line is not valid {encoding}") from error
    except json.JSONDecodeError as error:
        raise DocumentError("bad_json", f"{error.msg}, column {error.colno}") from error
    except (ValueError, RecursionError) as error:
        raise DocumentError("bad_json", _TOO_DEEP) from error
    if not isinstance(fields, _Fields):
        raise DocumentError("bad_json", "the line is not a JSON object")
    return fields


def _field(fields: _Fields, name: str) -> object:
    values = [value for key, value in fields if key == name]
    if len(values) > 1:
        raise DocumentError("bad_json", f"the field {name!r} is there more than once")
    return values[0] if values else None


def _text(fields: _Fields, text_field: str) -> str:
    text = _field(fields, text_field)
    if not isinstance(text, str):
        raise DocumentError(
            "missing_text", f"no string in the field {text_field!r}; name another with --text-field"
        )
    return storable(text)
