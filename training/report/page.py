"""The page, written whole or not at all."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from training.report.sections.kinds import KINDS
from training.report.view import make_view
from worker.annotations.lines import write_lines
from worker.errors import InputError
from worker.html.page import digest, make_environment, read_style
from worker.html.wording import score

_HERE = Path(__file__).parent


def write_report(path: Path, evaluation: dict[str, Any], title: str) -> None:
    """Write the evaluation as one HTML page; what is at the path stays if anything fails.

    Raises:
        InputError: the page cannot be written there.
    """
    page = render_report(evaluation, title, path.name)
    try:
        write_lines([page], path)
    except OSError as error:  # a full disk
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def render_report(evaluation: dict[str, Any], title: str, name: str) -> str:
    """The page; `name` is the file that it will be, for the command that makes it again."""
    view = make_view(evaluation, title, name)
    style = Markup(_style(list(view.kinds), len(view.labels)))  # noqa: S704 - made here, without data
    policy = f"default-src 'none'; style-src '{digest(style)}'; base-uri 'none'; form-action 'none'"
    template = _environment().get_template("page.html.j2")
    return template.render(view=view, style=style, policy=policy, meanings=KINDS)


@cache
def _environment() -> Environment:
    environment = make_environment("training.report")
    environment.filters["score"] = score
    return environment


def _style(kinds: list[str], n_labels: int) -> str:
    """The style sheet, and the rules by which the filter of the errors works without a script."""
    rules = [f"#errors:has(#kind-{i}:checked) .error:not(.k{i})" for i in range(len(kinds))] + [
        f"#errors:has(#label-{i}:checked) .error:not(.l{i})" for i in range(n_labels)
    ]
    hidden = f"@media screen {{ {', '.join(rules)} {{ display: none; }} }}\n" if rules else ""
    return read_style(_HERE / "page.css") + hidden
