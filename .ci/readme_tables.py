"""Write the tables of README.md that the code decides: the settings and the file map.

Each stands between two comments that name it; the rest of the README is written by hand.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr

from worker.settings import Settings

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def with_tables(readme: str) -> str:
    """The README's text with every generated table written anew."""
    for name, table in (("settings", settings_table()), ("files", file_map())):
        begin, end = f"<!-- {name}: written by `make docs` -->\n", f"<!-- end of {name} -->\n"
        before, rest = readme.split(begin)
        readme = before + begin + "\n" + table + "\n" + end + rest.split(end)[1]
    return readme


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


def _default(value: Any) -> str:
    if value is None:
        return "unset"
    return f"`{value.get_secret_value() if isinstance(value, SecretStr) else value}`"


if __name__ == "__main__":
    text = with_tables(README.read_text("utf-8"))
    if "--check" not in sys.argv[1:]:
        README.write_text(text, "utf-8")
    elif text != README.read_text("utf-8"):
        sys.exit("README.md is behind the code: run `make docs`")
