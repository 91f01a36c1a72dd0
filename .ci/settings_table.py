"""Print the settings table of README.md from the fields of Settings; --write puts it into README.md."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr

from worker.settings import Settings

README = Path(__file__).parent.parent / "README.md"
BEGIN = "<!-- settings: written by `make docs` -->\n"
END = "<!-- end of settings -->\n"


def settings_table() -> str:
    """The table in Markdown, one line for each setting in the order of the fields."""
    lines = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        meaning = (field.description or "").replace("|", "\\|")
        choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
        if choices:
            meaning += f" One of {', '.join(f'`{choice}`' for choice in choices)}."
        lines.append(f"| `NERQ_{name.upper()}` | {_default(field.default)} | {meaning} |")
    return "\n".join(lines) + "\n"


def with_table(readme: str) -> str:
    """The README's text with the table between its two marks written anew."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + settings_table() + END + after


def _default(value: Any) -> str:
    if value is None:
        return "unset"
    shown = value.get_secret_value() if isinstance(value, SecretStr) else value
    return f"`{shown}`"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        README.write_text(with_table(README.read_text("utf-8")), "utf-8")
    else:
        sys.stdout.write(settings_table())
