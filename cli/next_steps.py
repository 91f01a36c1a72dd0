"""What to type next, said on standard error after a command."""

from __future__ import annotations

from cli import output

#: What is typed, and what that is for.
Step = tuple[str, str]


def say_next(*steps: Step) -> None:
    """Say it, after a command that has changed something."""
    width = max((len(typed) for typed, _ in steps), default=0)
    lines = [f"{typed.ljust(width)}  {meaning}" for typed, meaning in steps]
    if lines:
        output.say("\nNext: " + "\n      ".join(lines))


def suggest(*steps: Step) -> None:
    """Say it if a person looks: after an answer, which a program may have asked for."""
    if output.is_terminal():
        say_next(*steps)
