"""What stands in documents, file names and labels drives no terminal, page, spreadsheet or log."""

from __future__ import annotations

import csv
import io
import logging
import re
import unicodedata
from pathlib import Path

import pytest

from tests.command_line import Terminal, invoke
from tests.samples import MODEL, finish_all, new_job, new_source
from worker import store
from worker.log import JsonFormatter, TextFormatter
from worker.store import Database

#: C0 and C1 controls, an OSC that sets the title, one that writes the clipboard, bidirectional overrides.
HOSTILE = "\x1b]0;title\x07\x9d52;c;ZXZpbA==\x9c\x1b[2J\u202egnp\u2066\x00\x7f\r\n\t\u2028\x85"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(1)"]
COMMANDS = [
    ["entities"],
    ["entities", "--format", "json"],
    ["entities", "--format", "jsonl"],
    ["entities", "--format", "csv"],
    ["entities", "--count-by", "label"],
    ["entities", "--count-by", "text"],
    ["entities", "--count-by", "document"],
    ["show", "1"],
    ["show", "1", "--json"],
    ["status"],
    ["status", "last"],
    ["errors", "last"],
    ["models"],
]


@pytest.fixture
def db(sqlite_url: str) -> Database:
    """Names, paths, details, entities and a model that are all hostile."""
    db = store.open_database(sqlite_url)
    model = store.ModelFacts(MODEL.id, f"model{HOSTILE}", f"/models/{HOSTILE}", ("O", f"B-L{HOSTILE}"))
    text = f"Anna{HOSTILE} came."
    document = new_source(f"{HOSTILE}/a.txt", text.replace("\x00", "\ufffd"))
    job = new_job(db, [document], model=model, name=f"job{HOSTILE}")
    finish_all(
        db, [f"Anna{HOSTILE}".replace("\x00", "\ufffd")], label=f"L{HOSTILE}".replace("\x00", "\ufffd")
    )
    failed = store.NewSource(f"{HOSTILE}.txt", error_code="undecodable", error_detail=f"No{HOSTILE}")
    store.add_sources(db, job, [failed])
    return db


def drives_a_terminal(shown: str, besides: str = "\n") -> list[str]:
    hidden = re.sub(r"\x1b\[[0-9;]*m", "", shown)  # colours are nerq's own
    return [c for c in hidden if c not in besides and unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs")] + [
        c for c in hidden if c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_answer_drives_a_terminal(
    db: Database, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.output.is_terminal", lambda: True)
    result = invoke(*command)
    assert result.exit_code == 0, result.output
    assert result.output
    assert drives_a_terminal(result.output, "\n\t" if command[0] == "show" else "\n") == []
    assert "Anna" in result.output or "\\u2028" in result.output


def test_no_file_name_drives_a_terminal(tmp_path: Path, sqlite_url: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / (HOSTILE.replace("/", "").replace("\x00", "") + ".txt")).write_bytes(b"\xff\xfe\x00")
    with Terminal("submit", "in", NERQ_DATABASE=sqlite_url) as terminal:
        assert terminal.finish() == 1
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.seen)  # the live line moves the cursor
        assert drives_a_terminal(shown, "\r\n") == []


def test_csv_is_one_row_for_each_entity_and_tells_a_spreadsheet_nothing(sqlite_url: str) -> None:
    db = store.open_database(sqlite_url)
    new_job(db, [new_source(f"{formula}.txt", f"{formula} came.") for formula in FORMULAS])
    finish_all(db, FORMULAS)
    plain = list(csv.DictReader(io.StringIO(invoke("entities", "--format", "csv").stdout, newline="")))
    safe = invoke("entities", "--format", "csv", "--excel-safe").stdout
    rows = list(csv.DictReader(io.StringIO(safe, newline="")))
    assert {row["text"] for row in plain} >= set(FORMULAS), "as it is stored"
    assert len(rows) == len(plain) >= len(FORMULAS)
    assert [
        cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    ] == []
    assert {row["text"].removeprefix("'") for row in rows} >= set(FORMULAS)
    db.close()


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()], ids=["text", "json"])
def test_no_log_line_is_forged(formatter: logging.Formatter) -> None:
    forged = f"a.txt\n12:00:00 ERROR worker.queue: forged{HOSTILE}"
    record = logging.LogRecord("worker", logging.INFO, "", 0, "read %s", (forged,), None)
    record.path = forged
    line = formatter.format(record)
    assert len(line.splitlines()) == 1
    assert drives_a_terminal(line, "") == []


def test_no_exception_is_quoted_in_a_log() -> None:
    error = ValueError("Xylomarquez")
    record = logging.LogRecord("worker", logging.ERROR, "", 0, "failed", (), (type(error), error, None))
    for formatter in (TextFormatter(), JsonFormatter()):
        assert "Xylomarquez" not in formatter.format(record)
        assert "ValueError" in formatter.format(record)
