"""Long answers, a screen at a time."""

from __future__ import annotations

import os
import shutil

import click

from cli import output


def is_longer_than_screen(text: str) -> bool:
    """Whether the terminal would scroll the beginning away."""
    columns, lines = shutil.get_terminal_size()
    needed = 0
    for line in click.unstyle(text).splitlines():
        needed += max(1, -(-len(line.expandtabs()) // max(columns, 1)))
        if needed >= lines:
            return True
    return False


def write_paged(text: str) -> None:
    """Hand the text to $PAGER, or to less; where there is neither, write it.

    Raises:
        OutputClosedError: nobody reads any more.
    """
    output.finish()
    if "LESS" in os.environ:  # or the pager would show colours as codes
        os.environ["LESS"] += " -R"
    try:
        click.echo_via_pager(text.removesuffix("\n"), color=True)
    except BrokenPipeError as error:
        raise output.OutputClosedError from error
