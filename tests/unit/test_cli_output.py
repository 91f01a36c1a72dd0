"""What is told on standard error and in the log."""

from __future__ import annotations

import logging

import pytest

from cli import output
from worker.log import TextFormatter


def test_messages_drive_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("one\ntwo \x1b[2J")
    output.warn("3 .\x1b]0;owned\x07")
    output.complain("no \u202efile")
    assert capsys.readouterr().err == (
        "one\ntwo \\x1b[2J\nWarning: 3 .\\x1b]0;owned\\x07\nError: no \\u202efile\n"
    )


def test_values_in_the_log_stay_on_their_line() -> None:
    record = logging.makeLogRecord({"msg": "skipped", "path": "a\nb\x1b[2J\udcff é.txt", "n": 3})
    line = TextFormatter().format(record)
    assert line.endswith("skipped path=a\\nb\\x1b[2J\\udcff é.txt n=3")
