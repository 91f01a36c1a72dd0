"""What a file holds that its format does not allow, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from worker.errors import InputError

ProblemKind = Literal[
    "encoding",  # not UTF-8
    "record",  # not what the format asks for
    "columns",  # as many as the lines before have, and two at least
    "tag",  # none of the scheme
    "sequence",  # a tag that the scheme does not allow where it stands
    "offsets",  # outside the text, or empty
    "edges",  # an entity begins or ends with white space
    "overlap",  # two entities share characters
    "discontinuous",  # an entity in several parts
    "covered",  # the text under an entity is not the text that the file says
    "duplicate",  # an id that may stand only once
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file: its line from 1, or in a JSON array the task from 1; neither: the file as a whole."""

    path: Path
    line: int | None = None
    task: int | None = None

    def __str__(self) -> str:
        if self.line is not None:
            return f"{self.path}:{self.line}"
        return f"{self.path}: task {self.task}" if self.task is not None else str(self.path)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; the message holds labels and offsets, but no text of a document."""

    kind: ProblemKind
    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


#: Told of a problem; where it returns, what the problem concerns is left out or mended, and reading goes on.
OnProblem = Callable[[Problem], None]


def refuse(problem: Problem) -> None:
    """The strict way: the first problem ends the reading.

    Raises:
        InputError: always.
    """
    raise InputError(str(problem))
