"""`nerq doctor`: is everything there, and what to do if not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli import output
from cli.next_steps import suggest
from cli.options import json_object
from cli.render import render_one
from cli.session import read_settings
from cli.visible import visible
from worker.errors import EXIT_OK

if TYPE_CHECKING:
    from cli.checks import Check

_MARKS = {"ok": ("ok", "green"), "warning": ("note", "yellow"), "failed": ("FAIL", "red")}


@click.command("doctor")
@json_object
def command(as_json: bool) -> int:
    """Check the database, the broker, the model and the GPUs.

    \b
    Examples:
      nerq doctor
      nerq doctor --json | jq '.checks[] | select(.outcome != "ok")'

    It changes nothing. The exit code is 0 when nothing fails, 3 when the database, the broker or the model is
    out of reach, and 1 when something else is wrong.
    """
    from cli.checks import run_checks

    checks = []
    for check in run_checks(read_settings()):
        checks.append(check)
        if not as_json:
            for line in _lines(check):
                output.write(line + "\n")
            output.finish()
    code = max((check.exit_code for check in checks), default=0)
    if as_json:
        render_one({"ok": code == 0, "checks": [_answer(check) for check in checks]})
    elif code == EXIT_OK:
        suggest(("nerq submit PATH", "read documents"), ("nerq config show", "the settings that hold"))
    return code


def _lines(check: Check) -> Iterator[str]:
    mark, colour = _MARKS[check.outcome]
    mark = mark.ljust(4)
    if output.uses_colour(sys.stdout):
        mark = click.style(mark, fg=colour)
    yield f"{mark}  {check.name:<10}  {visible(check.finding)}"
    if check.advice:
        yield f"{'':18}{visible(check.advice)}"


def _answer(check: Check) -> dict[str, object]:
    return {key: value for key, value in asdict(check).items() if key != "exit_code"}
