"""A nerq.toml to fill in: every setting with its meaning, commented out."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr

from worker.errors import InputError
from worker.settings import Settings

_HEAD = """\
# Settings of nerq, read in the folder where nerq is started. A variable NERQ_NAME wins over a line here.
# `nerq config show` says what holds and where it comes from.
"""
#: What stands in the place of a value that is unset by default.
_EXAMPLES = {
    "broker": "redis://:PASSWORD@localhost:6379/0",
    "processes": 2,
    "threads": 4,
    "pack_pieces": 8192,
}


def write_config_file(path: Path) -> None:
    """Write the file whole or not at all, for its owner's eyes only. Raises InputError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write("\n".join([_HEAD, *_parts()]))
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def _parts() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        meaning = field.description or ""
        choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
        if choices:
            meaning += f" One of {', '.join(choices)}."
        comment = textwrap.fill(meaning, 100, initial_indent="# ", subsequent_indent="# ")
        yield f"{comment}\n#{name} = {_toml(name, field.default)}\n"


def _toml(name: str, default: Any) -> str:
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    return json.dumps(_EXAMPLES.get(name, 1) if value is None else value)
