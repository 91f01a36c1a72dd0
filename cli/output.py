"""The two streams: standard output carries answers, standard error everything else."""

from __future__ import annotations

import os
import sys

import click

from cli.visible import visible


class OutputClosedError(Exception):
    """The reader of standard output, such as `head`, has seen enough."""


def write(text: str) -> None:
    """Write to standard output as it is, buffered: answers can be millions of lines.

    Raises:
        OutputClosedError: nobody reads any more.
    """
    try:
        sys.stdout.write(text)
    except BrokenPipeError as error:
        raise OutputClosedError from error


def write_data(text: str) -> None:
    """Write what is a file's content, in UTF-8 whatever the locale; in a terminal what drives it is escaped.

    Raises:
        OutputClosedError: nobody reads any more.
    """
    if is_terminal():
        write(visible(text, keep="\n\t"))
        return
    try:
        sys.stdout.buffer.write(text.encode())
    except BrokenPipeError as error:
        raise OutputClosedError from error


def finish() -> None:
    """Hand over what is still buffered.

    Raises:
        OutputClosedError: nobody reads any more.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise OutputClosedError from error


def abandon() -> None:
    """Point standard output at nothing, so that the flush at exit does not complain about the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Tell a person something, on standard error; what would drive the terminal is escaped, but for line ends."""
    say_styled(visible(text, keep="\n"))


def say_styled(text: str) -> None:
    """The same with styles; the caller has escaped what is not its own."""
    finish()
    _tell(text)


def warn(text: str) -> None:
    """Tell a person that something is not as it should be, on standard error."""
    say_styled(click.style("Warning: ", fg="yellow") + visible(text, keep="\n"))


def complain(text: str) -> None:
    """Tell a person why the command failed, on standard error."""
    _tell(click.style("Error: ", fg="red") + visible(text, keep="\n"))


def clear() -> None:
    """Make room at the top of standard output, where that is a terminal that can."""
    if is_terminal() and is_smart_terminal():
        click.clear()


def is_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout.isatty()


def reads_terminal() -> bool:
    """Whether standard input is a person at a keyboard."""
    return sys.stdin is not None and sys.stdin.isatty()


def is_smart_terminal() -> bool:
    """Whether the terminal, if there is one, can move its cursor."""
    return os.environ.get("TERM", "") not in ("", "dumb")


def uses_colour(stream: object) -> bool:
    """Whether colour goes to this stream: a terminal that is not dumb, and no NO_COLOR (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(getattr(stream, "isatty", lambda: False)())


def _tell(text: str) -> None:
    click.echo(text, err=True, color=None if uses_colour(sys.stderr) else False)


def make_safe() -> None:
    """Let no character stop an answer: what the stream's encoding lacks is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
