"""A file or folder with entities, as commands take it."""

from __future__ import annotations

from typing import Any

import click

from cli.options import InputFile
from cli.visible import visible


class AnnotatedInput(InputFile):
    """A file in any format with entities, or a folder of brat standoff."""

    def __init__(self) -> None:
        super().__init__()
        self.dir_okay = True

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises NotFoundError."""
        path = super().convert(value, param, ctx)
        if path.is_dir() and not any(path.rglob("*.ann")):
            self.fail(
                f"{visible(str(path))} has no .ann files; a folder is read as brat standoff.", param, ctx
            )
        return path
