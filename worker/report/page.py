"""The page, written whole or not at all, for its owner alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from worker.annotations.lines import new_file
from worker.html.page import digest, make_environment, read_style
from worker.report.content import Content
from worker.report.view import make_view

_HERE = Path(__file__).parent
#: In the order in which they build on each other.
_SCRIPTS = ("elements", "texts", "list", "reader", "places", "start")


def write_report(path: Path, content: Content) -> None:
    """Write the job as one HTML page; what is at the path stays if anything fails.

    Raises:
        InputError: the page cannot be written there.
    """
    with new_file(path, is_private=True) as file:
        for piece in render_report(content, path.name):
            file.write(piece.encode())


def render_report(content: Content, name: str) -> Iterator[str]:
    """The page in pieces; `name` is the file that it will be, for the command that makes it again."""
    # Both are made here, without data.
    style, script = Markup(read_style(_HERE / "page.css")), Markup(_script())  # noqa: S704 - files of ours
    policy = (
        f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    template = _environment().get_template("page.html.j2")
    yield from template.generate(view=make_view(content, name), style=style, script=script, policy=policy)


@cache
def _environment() -> Environment:
    return make_environment("worker.report")


def _script() -> str:
    parts = [(_HERE / "script" / f"{name}.js").read_text("utf-8") for name in _SCRIPTS]
    return '"use strict";\n(() => {\n' + "".join(parts) + "})();\n"
