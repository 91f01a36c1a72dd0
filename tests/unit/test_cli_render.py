"""Rows as table, json, jsonl and csv."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli import render
from cli.render import Column, Format
from cli.table import width

COLUMNS = (Column("n", right=True), Column("text", cut="right"), Column("id", in_table=False))
ROWS: list[dict[str, Any]] = [
    {"n": 7, "text": "Acme, Inc.", "id": 1},
    {"n": 1234, "text": '=cmd|"x"\n\x1b[31m', "id": 2},
    {"n": None, "text": "日本", "id": 3},
]


def _rendered(capsys: pytest.CaptureFixture[str], form: Format, **options: Any) -> str:
    render.render_rows(iter(ROWS), COLUMNS, form, "Nothing.", **options)
    return capsys.readouterr().out


def test_table_is_aligned_and_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    assert _rendered(capsys, "table").splitlines() == [
        "   N  TEXT",
        "   7  Acme, Inc.",
        '1234  =cmd|"x"\\n\\x1b[31m',
        "      日本",
    ]


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert [json.loads(line) for line in _rendered(capsys, "jsonl").splitlines()] == ROWS


def test_json_is_one_array(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(_rendered(capsys, "json")) == ROWS


def test_json_of_nothing_is_an_empty_array(capsys: pytest.CaptureFixture[str]) -> None:
    render.render_rows(iter([]), COLUMNS, "json", "Nothing.")
    assert json.loads(capsys.readouterr().out) == []


def test_csv_is_read_back_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(_rendered(capsys, "csv"), newline="")))
    assert [row["text"] for row in rows] == [row["text"] for row in ROWS]
    assert rows[2]["n"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_for_spreadsheets_holds_no_formula(start: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"n": -5, "text": f"{start}1+1", "id": 1}]
    render.render_rows(iter(rows), COLUMNS, "csv", "Nothing.", excel_safe=True)
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert row["text"] == f"'{start}1+1"
    assert row["n"] == "-5"  # a number is no formula


def test_an_empty_table_says_so_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    render.render_rows(iter([]), COLUMNS, "table", "Nothing.")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "Nothing.\n"


def test_rows_are_written_while_they_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    n_taken = 0

    def endless() -> Iterator[dict[str, Any]]:
        nonlocal n_taken
        while True:
            n_taken += 1
            yield {"n": n_taken, "text": "x", "id": n_taken}
            if n_taken == 5000:
                assert capsys.readouterr().out.count("\n") > 3000
                raise StopIterationError

    with pytest.raises(StopIterationError):
        render.render_rows(endless(), COLUMNS, "table", "Nothing.")


class StopIterationError(Exception):
    """Ends an endless stream."""


def test_single_answers_name_the_version_of_their_shape(capsys: pytest.CaptureFixture[str]) -> None:
    render.render_one({"a": 1})
    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "a": 1}


def test_facts_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    render.render_facts([("model", "general"), ("", "more"), ("id", "\x1b")], "Job 1")
    assert capsys.readouterr().out == "Job 1\n  model  general\n         more\n  id     \\x1b\n"


def test_a_long_cell_does_not_make_every_line_long(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"n": 1, "text": "x" * 5000, "id": 1}, {"n": 2, "text": "short", "id": 2}]
    render.render_rows(iter(rows), (*COLUMNS[:2], Column("id")), "table", "Nothing.")
    lines = capsys.readouterr().out.splitlines()
    assert "x" * 5000 in lines[1]  # whole, for a pipe
    assert len(lines[2]) < 100


@pytest.mark.parametrize(("text", "cells"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0)])
def test_width_counts_cells(text: str, cells: int) -> None:
    assert width(text) == cells
