"""Parquet by pyarrow: a row a document, its entities a list in it. Needs the extra `parquet`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

from worker.annotations.units import Unit
from worker.export.packages import import_package
from worker.export.selection import Tally
from worker.export.streams import Source, record
from worker.store import JobDocument

#: Bounds of a group of rows, which is made in memory.
_ROWS_AT_ONCE = 1000
_CHARS_AT_ONCE = 8_000_000


class ParquetFile:
    """Writes documents into a file, a group of rows after another.

    Raises:
        SettingsError: pyarrow is not installed.
    """

    def __init__(self, source: Source, unit: Unit) -> None:
        self._arrow = import_package("pyarrow", "parquet", "parquet")
        self._parquet = import_package("pyarrow.parquet", "parquet", "parquet")
        self._source = source
        self._unit = unit

    def write(self, documents: Iterable[JobDocument], tally: Tally, file: BinaryIO) -> None:
        """Write all of them; what went out is counted in `tally`."""
        schema = self._schema()
        rows: list[dict[str, Any]] = []
        n_chars = 0
        with self._parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            for row in tally.converted(
                documents, lambda document: record(document, self._source, self._unit)
            ):
                rows.append(row)
                n_chars += len(row["text"])
                if len(rows) == _ROWS_AT_ONCE or n_chars > _CHARS_AT_ONCE:
                    writer.write_table(self._arrow.Table.from_pylist(rows, schema))
                    rows, n_chars = [], 0
            if rows:
                writer.write_table(self._arrow.Table.from_pylist(rows, schema))

    def _schema(self) -> Any:
        arrow = self._arrow
        text, number = arrow.large_string(), arrow.int64()
        entity = {"start": number, "end": number, "label": text, "text": text, "score": arrow.float64()}
        entity["page"] = number
        columns = {
            "id": text,
            "document_id": number,
            "path": text,
            "record": text,
            "sha256": text,
            "model": text,
            "model_id": text,
            "offsets": text,
            "text": text,
            "page_starts": arrow.list_(number),
            "entities": arrow.list_(arrow.struct(list(entity.items()))),
        }
        return arrow.schema(list(columns.items()))
