"""Paths -> sources, one after another: the way in of every document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from worker.documents.document import Skipped, Source, Table
from worker.documents.file_reading import Result
from worker.documents.files import FoundFile, find_files
from worker.documents.options import ReadOptions
from worker.documents.standard_input import STANDARD_INPUT, StandardInput
from worker.documents.turns import Found, read_files


def read_sources(
    paths: Sequence[str | Path],
    options: ReadOptions,
    on_skip: Callable[[Skipped], None] = lambda _: None,
    on_table: Callable[[Table], None] = lambda _: None,
    wants: Callable[[FoundFile], bool] = lambda _: True,
) -> Iterator[Source]:
    """Read everything under the paths: a source for each file, or for each record of a file of records.

    In order of name, though many files are read at a time; a bounded number of texts is held. What cannot be read is
    a source with an error, never an exception. `on_skip` hears of what is passed over in folders and archives,
    `on_table` how tables are understood; `wants` is asked of every file before it is read. Processes that were
    started end with the iterator.

    Raises:
        NotFoundError: a path does not exist; raised at once, before anything is read.
    """
    streams: list[Iterator[Found]] = []
    for is_input, group in groupby(paths, key=lambda path: path == STANDARD_INPUT):
        streams.append(
            iter([StandardInput(options.max_file_bytes)]) if is_input else find_files(list(group), options)
        )
    found = (file for stream in streams for file in stream if not isinstance(file, FoundFile) or wants(file))
    return _sources(read_files(found, options), on_skip, on_table)


def _sources(
    results: Iterator[Result], on_skip: Callable[[Skipped], None], on_table: Callable[[Table], None]
) -> Iterator[Source]:
    for result in results:
        if isinstance(result, Source):
            yield result
        elif isinstance(result, Skipped):
            on_skip(result)
        else:
            on_table(result)
