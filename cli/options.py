"""Arguments and options that several commands share."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import click

from cli.visible import visible
from worker.errors import NotFoundError

#: A job as people name it.
job_argument = click.argument("job", metavar="JOB")
#: For a command that answers with a list.
json_lines = click.option("--json", "as_json", is_flag=True, help="Answer in JSON Lines, one object a line.")
#: For a command with a single answer.
json_object = click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
NO_WAIT_NEEDS_A_BROKER = "--no-wait needs a broker (NERQ_BROKER): without one this command does the work."
#: For a command that waits for work to be done.
quiet = click.option("--quiet", "-q", is_flag=True, help="No progress on standard error.")


class StoredInteger(click.IntRange):
    """A number of rows, or an id: an integer that databases take, at most 2^63 - 1."""

    def __init__(self, min: int) -> None:  # noqa: A002 - as click names it
        super().__init__(min=min)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        number = int(super().convert(value, param, ctx))
        if number >= 1 << 63:
            self.fail(f"{number} is too large.", param, ctx)
        return number


class FiniteRange(click.FloatRange):
    """A number in a range. nan lies in every range, since it is neither too small nor too large for any."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a number to compute with.", param, ctx)
        return number


class InputFile(click.Path):
    """A file to read. One that does not exist is an input that is not found, not a wrong use of the command."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises NotFoundError."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.exists():
            raise NotFoundError(f"{visible(str(path))}: no such file")
        return path


class OutputFile(click.Path):
    """A file to write, in a folder that exists: told before the work, not after it."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises NotFoundError."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.absolute().parent.is_dir():
            raise NotFoundError(f"{visible(str(path.parent))}: no such folder")
        return path


def split_labels(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """`--label PER,ORG --label LOC` -> ("PER", "ORG", "LOC")."""
    return tuple(label.strip() for value in values for label in value.split(",") if label.strip())
