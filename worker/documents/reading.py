"""Paths -> sources, one after another: the way in of every document."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from worker.documents.document import Source
from worker.documents.files import JSONL, TEXT, FoundFile, Skipped, find_files
from worker.documents.options import ReadOptions
from worker.documents.records import read_records
from worker.documents.text_file import read_stream, read_text_file

#: The path that stands for standard input, which is read as plain text.
STANDARD_INPUT: Final = "-"


def read_sources(
    paths: Sequence[str | Path],
    options: ReadOptions,
    on_skip: Callable[[Skipped], None] | None = None,
    wants: Callable[[FoundFile], bool] = lambda _: True,
) -> Iterator[Source]:
    """Read everything under the paths: a source for each file, or for each record of a JSONL file.

    Only one file is held at a time. What cannot be read is a source with an error, never an exception.
    `on_skip` hears of what is passed over in folders, `wants` is asked of every file before it is read.

    Raises:
        NotFoundError: a path does not exist; raised at once, before anything is read.
    """
    streams = []
    for is_input, group in groupby(paths, key=lambda path: path == STANDARD_INPUT):
        streams.append(
            _read_input(options)
            if is_input
            else _read_found(_wanted(find_files(list(group), options), wants), options, on_skip)
        )
    return (source for stream in streams for source in stream)


def _read_input(options: ReadOptions) -> Iterator[Source]:
    # Whoever shares the terminal or the pipe may have told it not to wait: then a pause would look like the end.
    os.set_blocking(sys.stdin.fileno(), True)
    yield read_stream(sys.stdin.buffer, STANDARD_INPUT, TEXT, options)


def _wanted(
    found_files: Iterator[FoundFile | Skipped], wants: Callable[[FoundFile], bool]
) -> Iterator[FoundFile | Skipped]:
    return (found for found in found_files if isinstance(found, Skipped) or wants(found))


def _read_found(
    found_files: Iterator[FoundFile | Skipped],
    options: ReadOptions,
    on_skip: Callable[[Skipped], None] | None,
) -> Iterator[Source]:
    for found in found_files:
        if isinstance(found, Skipped):
            if on_skip:
                on_skip(found)
        elif found.error:
            yield Source(found.path, error=found.error)
        elif found.media_type == JSONL:
            yield from _read_jsonl(found, options, on_skip)
        else:
            yield read_text_file(found, options)


def _read_jsonl(
    found: FoundFile, options: ReadOptions, on_skip: Callable[[Skipped], None] | None
) -> Iterator[Source]:
    has_records = False
    for source in read_records(found, options):
        has_records = True
        yield source
    if not has_records and on_skip:
        on_skip(Skipped(found.path, "no records"))
