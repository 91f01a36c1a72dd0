"""What a command says to type next: after a change always, after an answer to a person only."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from cli.main import nerq
from tests.command_line import Terminal, invoke
from tests.samples import failed_source, new_job, new_source
from worker.store import Database, open_database


@pytest.fixture
def unfinished(sqlite_url: str) -> int:
    """A job with a document that waits and a file that could not be read."""
    database: Database = open_database(sqlite_url)
    job_id = new_job(database, [new_source("a.txt", "Anna"), failed_source("b.txt")])
    database.close()
    return job_id


def _steps(seen: str) -> list[str]:
    lines = seen.partition("Next: ")[2].splitlines()
    return [re.split(r" {2,}", line.strip())[0] for line in lines if line.strip()]


@pytest.mark.parametrize(
    ("command", "steps"),
    [
        ("status", ["nerq status 1"]),
        ("status 1", ["nerq status 1 --watch", "nerq errors 1"]),
        ("errors last", ["nerq submit PATH"]),
        ("models", ["nerq submit PATH --model NAME"]),
        ("doctor", ["nerq submit PATH", "nerq config show"]),
    ],
)
@pytest.mark.usefixtures("unfinished")
def test_a_person_is_told_what_to_type_after_an_answer_and_a_pipe_is_not(
    command: str, steps: list[str]
) -> None:
    with Terminal(*command.split()) as terminal:
        assert terminal.finish() == 0
    assert _steps(terminal.seen) == steps
    for step in steps:
        assert _exists(step), step
    assert "Next" not in invoke(*command.split()).stderr


@pytest.mark.usefixtures("unfinished")
def test_after_a_change_it_is_said_always() -> None:
    result = invoke("cancel", "1")
    assert _steps(result.stderr) == ["nerq retry 1"]
    assert "Next" not in result.stdout
    assert "Next" not in invoke("cancel", "1").stderr  # nothing was left to cancel


def _exists(line: str) -> bool:
    name = shlex.split(line)[1]
    return nerq.get_command(click.Context(nerq), name) is not None
