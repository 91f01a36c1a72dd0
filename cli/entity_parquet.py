"""Rows of `nerq entities` as a Parquet file. Needs the extra `parquet`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from cli.render import Column, Row

_ROWS_AT_ONCE = 20_000
_NUMBERS = ("id", "document_id", "page", "start", "end", "n", "job_id")


def write_parquet(rows: Iterable[Row], columns: Sequence[Column], path: Path) -> int:
    """Write them into the file, whole or not at all; how many they were.

    Raises:
        InputError: the path cannot be written.
        SettingsError: pyarrow is not installed.
    """
    from worker.annotations.lines import new_file
    from worker.export.packages import import_package

    arrow = import_package("pyarrow", "parquet", "parquet")
    parquet = import_package("pyarrow.parquet", "parquet", "parquet")
    schema = arrow.schema([(column.key, _type(arrow, column.key)) for column in columns])
    n_rows = 0
    with new_file(path) as file, parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for some in _batches(rows):
            writer.write_table(arrow.Table.from_pylist(some, schema))
            n_rows += len(some)
    return n_rows


def _type(arrow: Any, key: str) -> Any:
    if key in _NUMBERS:
        return arrow.int64()
    return arrow.float64() if key == "score" else arrow.large_string()


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(rows)
    while some := list(islice(remaining, _ROWS_AT_ONCE)):
        yield some
