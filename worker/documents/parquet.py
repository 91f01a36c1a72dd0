"""A Parquet file -> one source for each row, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.documents.content import Content, refuse_changed
from worker.documents.document import Document, Source, Table
from worker.documents.fields import as_metadata, choose_columns, record_name
from worker.documents.formats.media_types import PARQUET
from worker.documents.options import ReadOptions
from worker.errors import DocumentError
from worker.text import storable

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

#: Rows that are unpacked at a time; texts may be long.
_ROWS_AT_ONCE = 64


def read_parquet(content: Content, options: ReadOptions) -> Iterator[Source | Table]:
    """How the table is understood, then a source for each row, named by its id or its number from 1.

    Columns of bytes are not kept.
    """
    try:
        yield from _read(content, options)
        refuse_changed(content)
    except DocumentError as error:
        yield Source(content.path, media_type=PARQUET, error=error)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # pyarrow's are of many kinds, and may quote values
        damaged = DocumentError("damaged", f"it is no whole Parquet file ({type(error).__name__})")
        yield Source(content.path, media_type=PARQUET, error=damaged)


@dataclass(frozen=True, slots=True)
class _Columns:
    text: str
    id: str | None
    kept: tuple[str, ...]
    left_out: tuple[str, ...]


def _read(content: Content, options: ReadOptions) -> Iterator[Source | Table]:
    file = _opened(content)
    columns = _columns(file.schema_arrow, options)
    if file.metadata.num_rows:
        yield Table(content.path, None, columns.text, columns.id, columns.left_out)
    wanted = list(dict.fromkeys(filter(None, (columns.text, columns.id, *columns.kept))))
    number = 0
    for batch in file.iter_batches(_ROWS_AT_ONCE, columns=wanted, use_threads=False):
        for row in batch.to_pylist():
            number += 1
            yield _source(content.path, row, number, columns, options)


def _opened(content: Content) -> ParquetFile:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise DocumentError("unsupported", "Parquet needs pyarrow: pip install 'nerq[parquet]'") from error
    return pyarrow.parquet.ParquetFile(content.file)


def _columns(schema: pa.Schema, options: ReadOptions) -> _Columns:
    import pyarrow as pa

    def is_text(kind: pa.DataType) -> bool:
        return bool(
            pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
        ) or (pa.types.is_dictionary(kind) and is_text(kind.value_type))

    def is_bytes(kind: pa.DataType) -> bool:
        return bool(
            pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)
        )

    text, name = choose_columns(schema.names, options)
    if not is_text(schema.field(text).type):
        raise DocumentError(
            "missing_text", f"the column {text!r} holds no strings; name another with --text-field"
        )
    others = [field for field in schema if field.name not in (text, name)]
    left_out = tuple(field.name for field in others if is_bytes(field.type))
    return _Columns(text, name, tuple(f.name for f in others if f.name not in left_out), left_out)


def _source(path: str, row: dict[str, Any], number: int, columns: _Columns, options: ReadOptions) -> Source:
    record, document, metadata, error = str(number), None, None, None
    try:
        record = record_name(row[columns.id] if columns.id is not None else None, number)
        document = Document.of(_text(row[columns.text], columns.text, options))
        metadata = as_metadata([(name, row[name]) for name in columns.kept])
    except DocumentError as document_error:
        document, error = None, document_error
    return Source(
        path,
        record=record,
        media_type=PARQUET,
        encoding="utf-8" if document else None,
        metadata=metadata,
        document=document,
        error=error,
    )


def _text(value: str | None, column: str, options: ReadOptions) -> str:
    if value is None:
        raise DocumentError("missing_text", f"nothing in the column {column!r}")
    if len(value) > options.max_file_bytes:
        raise DocumentError(
            "too_large", f"a text of more than {options.max_file_bytes} characters (NERQ_MAX_FILE_BYTES)"
        )
    return storable(value)
