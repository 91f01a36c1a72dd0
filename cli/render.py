"""The one renderer: rows as a table, json, jsonl or csv, and single answers as a table or one JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Literal

import click

from cli import output
from cli.table import Cell, Layout
from cli.visible import json_safe, visible
from worker.export.csv_rows import csv_lines

Format = Literal["table", "json", "jsonl", "csv"]
Row = Mapping[str, Any]

#: Of every single answer in JSON; it grows when a key changes its meaning or goes away.
SCHEMA_VERSION = 1
#: Rows that are held back to find the widths of a table's columns; the rest streams in these widths.
TABLE_SAMPLE = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a list of rows.

    `shown` writes the value for people (None: str), `joined` the value together with others of its row;
    `in_table` False keeps it for machines only; `cut` says at which end a narrow terminal may shorten it.
    """

    key: str
    heading: str | None = None
    right: bool = False
    shown: Callable[[Any], str] | None = None
    joined: Callable[[Row], str] | None = None
    in_table: bool = True
    cut: Literal["left", "right"] | None = None

    def cell(self, row: Row) -> str:
        """The value for a table: escaped, empty for None."""
        if self.joined:
            return visible(self.joined(row))
        value = row[self.key]
        if value is None:
            return ""
        return visible(self.shown(value) if self.shown else str(value))


def render_rows(
    rows: Iterable[Row], columns: Sequence[Column], form: Format, nothing: str, excel_safe: bool = False
) -> None:
    """Write a list to standard output while it is read; `nothing` is said in place of an empty table."""
    if form == "table":
        _write_table(rows, [column for column in columns if column.in_table], nothing)
    elif form == "csv":
        _write_csv(rows, columns, excel_safe)
    elif form == "json":
        _write_array(rows)
    else:
        for row in rows:
            output.write(_json(row) + "\n")
    output.finish()


def render_one(answer: Row) -> None:
    """Write a single answer as one JSON object."""
    output.write(_json({"schema_version": SCHEMA_VERSION, **answer}, indent=2) + "\n")
    output.finish()


def render_facts(facts: Iterable[tuple[str, str]], title: str = "") -> None:
    """Write a single answer for people: a title and aligned `name  value` lines; a name may be empty."""
    facts = list(facts)
    width = max((len(name) for name, _ in facts), default=0)
    colour = output.uses_colour(sys.stdout)
    if title:
        output.write((click.style(visible(title), bold=True) if colour else visible(title)) + "\n")
    for name, value in facts:
        output.write(f"  {name.ljust(width)}  {visible(value)}".rstrip() + "\n")
    output.finish()


def with_record(row: Row) -> str:
    """The path of a source, with the record inside the file if it is one: `mail.jsonl#17`."""
    return f"{row['path']}#{row['record']}" if row["record"] is not None else str(row["path"])


def _write_table(rows: Iterable[Row], columns: Sequence[Column], nothing: str) -> None:
    cells = ([column.cell(row) for column in columns] for row in rows)
    sample = list(islice(cells, TABLE_SAMPLE))
    if not sample:
        output.say(nothing)
        return
    headings = [(column.heading or column.key).upper() for column in columns]
    layout = Layout.fit([Cell(column.right, column.cut) for column in columns], [headings, *sample])
    heading = layout.line(headings)
    output.write((click.style(heading, bold=True) if output.uses_colour(sys.stdout) else heading) + "\n")
    for row in chain(sample, cells):
        output.write(layout.line(row) + "\n")


def _write_csv(rows: Iterable[Row], columns: Sequence[Column], excel_safe: bool) -> None:
    escape = visible if output.is_terminal() else str
    for line in csv_lines(rows, [column.key for column in columns], excel_safe):
        output.write(escape(line) + "\n")


def _write_array(rows: Iterable[Row]) -> None:
    separator = "[\n"
    for row in rows:
        output.write(separator + _json(row))
        separator = ",\n"
    output.write("[]\n" if separator == "[\n" else "\n]\n")


def _json(value: Row, indent: int | None = None) -> str:
    only_ascii = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    return json_safe(json.dumps(value, ensure_ascii=only_ascii, indent=indent))
