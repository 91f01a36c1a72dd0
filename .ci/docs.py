"""Write what the code decides of README.md and of docs/: the settings, the file map and the command line.

A table stands between two comments that name it, and the rest of its page is written by hand; `docs/cli.md` and
`docs/files.md` are written whole.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import SecretStr

from cli.main import SECTIONS, nerq
from worker.settings import Settings

ROOT = Path(__file__).parent.parent
#: Columns of a terminal in which the help is written.
_COLUMNS = 100


def pages() -> dict[Path, str]:
    """Every page that the code decides at least in part, as it should be."""
    readme = ROOT / "README.md"
    return {
        readme: _with_table(readme.read_text("utf-8"), "settings", settings_table()),
        ROOT / "docs" / "cli.md": command_line(),
        ROOT / "docs" / "files.md": _FILES.format(table=file_map()),
    }


def _with_table(page: str, name: str, table: str) -> str:
    begin, end = f"<!-- {name}: written by `make docs` -->\n", f"<!-- end of {name} -->\n"
    before, rest = page.split(begin)
    return before + begin + "\n" + table + "\n" + end + rest.split(end)[1]


def settings_table() -> str:
    """One line for each setting, in the order of the fields."""
    lines = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        meaning = field.description or ""
        choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
        if choices:
            meaning += f" One of {', '.join(f'`{choice}`' for choice in choices)}."
        lines.append(f"| `NERQ_{name.upper()}` | {_default(field.default)} | {meaning} |")
    return "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    if value is None:
        return "unset"
    return f"`{value.get_secret_value() if isinstance(value, SecretStr) else value}`"


_FILES = """# Files

One sentence for each folder and file of the product. `make docs` writes this page from their docstrings.

{table}"""


def file_map() -> str:
    """One line for each folder and module of the product: the first sentence of its docstring."""
    lines = ["| path | what it is |", "| --- | --- |"]
    lines += [f"| `{path.relative_to(ROOT)}{'/' * path.is_dir()}` | {_sentence(path)} |" for path in _parts()]
    return "\n".join(lines) + "\n"


def _parts() -> Iterator[Path]:
    for top in ("worker", "training", "cli"):
        for init in sorted((ROOT / top).rglob("__init__.py")):
            folder = init.parent
            yield folder
            if folder.name != "versions":  # a migration is named by its revision
                yield from sorted(folder.glob("[a-z]*.py"))


def _sentence(path: Path) -> str:
    module = path / "__init__.py" if path.is_dir() else path
    docstring = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
    return " ".join(docstring.split("\n\n")[0].split()).replace("|", "\\|")


_COMMAND_LINE = """# Command line

What `nerq COMMAND --help` says of each command. `make docs` writes this page.
"""


def command_line() -> str:
    """The list of commands, then the help of each one, in the order of that list."""
    root = click.Context(nerq, info_name="nerq", terminal_width=_COLUMNS - 2, **nerq.context_settings)
    parts = [_COMMAND_LINE, _help(root)]
    for title, commands in SECTIONS.items():
        links = ", ".join(f"[{name}](#nerq-{name})" for name in commands)
        parts.append(f"**{title}:** {links}\n")
    for name in nerq.list_commands(root):
        parts += [f"## nerq {name}\n", *_helps(nerq, name, root)]
    return "\n".join(parts)


def _helps(group: click.Group, name: str, parent: click.Context) -> Iterator[str]:
    """The help of one command, then of those in it."""
    command = group.get_command(parent, name)
    assert command is not None  # noqa: S101 - the group has listed it
    context = click.Context(command, parent=parent, info_name=name)
    yield _help(context)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            yield f"### {context.command_path} {inner}\n"
            yield from _helps(command, inner, context)


def _help(context: click.Context) -> str:
    return f"```text\n{context.get_help()}\n```\n"


if __name__ == "__main__":
    behind = {
        path: text for path, text in pages().items() if not path.exists() or path.read_text("utf-8") != text
    }
    if "--check" in sys.argv[1:]:
        names = ", ".join(str(path.relative_to(ROOT)) for path in behind)
        sys.exit(f"behind the code: {names}; run `make docs`" if behind else 0)
    for path, text in behind.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
