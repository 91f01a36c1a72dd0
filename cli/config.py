"""`nerq config`: which settings there are, what each one is, and where that comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import output
from cli.next_steps import say_next
from cli.options import json_object
from cli.render import Column, render_one, render_rows
from worker.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from worker.settings import Settings

COLUMNS = (
    Column("name", "setting"),
    Column("value", cut="right", shown=str),
    Column("from", cut="left"),
)


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from worker.settings import Settings

    return [name for name in Settings.model_fields if name.startswith(incomplete)]


@click.group("config")
def command() -> None:
    """Show the settings and where each one comes from.

    \b
    Examples:
      nerq config show           every setting: its value, and the variable or line that sets it
      nerq config show model     one of them
      nerq config init           write a nerq.toml to fill in

    A variable NERQ_NAME wins over a secret file (/run/secrets/nerq_name), which wins over `name = ...` in
    nerq.toml of the current folder.
    """


@command.command("show")
@click.argument("names", metavar="[SETTING]...", nargs=-1, shell_complete=_complete)
@json_object
def show(names: tuple[str, ...], as_json: bool) -> None:
    """Show every setting, its value and where that comes from.

    \b
    Examples:
      nerq config show
      nerq config show database NERQ_BROKER
      nerq config show --json | jq -r .settings.database.value

    FROM is the variable, the secret file or the line of nerq.toml that sets it, or `default`. Of URLs, neither
    user nor password nor options are shown.
    """
    from worker.settings import Settings, load_settings

    chosen = [_known(name, Settings.model_fields) for name in names] or list(Settings.model_fields)
    rows = list(_rows(load_settings(), chosen))
    if as_json:
        render_one({"settings": {row.pop("name"): row for row in rows}})
        return
    for row in rows:
        row["value"] = "unset" if row["value"] is None else row["value"]
    render_rows(rows, COLUMNS, "table", "")


@command.command("path")
@json_object
def path(as_json: bool) -> None:
    """Print where nerq.toml is looked for.

    \b
    Examples:
      nerq config path
      $EDITOR "$(nerq config path)"
    """
    file = _file()
    if as_json:
        render_one({"path": str(file), "exists": file.exists()})
        return
    output.write(f"{file}\n")
    if not file.exists():
        output.say("It is not there: all settings are defaults or variables. `nerq config init` writes one.")


@command.command("init")
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@json_object
def init(overwrite: bool, as_json: bool) -> None:
    """Write a nerq.toml with every setting, commented out.

    \b
    Examples:
      nerq config init
      nerq config init --overwrite

    Only its owner may read it, since a database or a broker may have its password there.
    """
    from cli.config_file import write_config_file

    file = _file()
    if file.exists() and not overwrite:
        raise InputError(f"{file} exists already; edit it, or replace it with --overwrite.")
    write_config_file(file)
    if as_json:
        render_one({"path": str(file)})
        return
    output.write(f"{file}\n")
    say_next(("nerq config show", "what holds, once you have changed it"))


def _file() -> Path:
    from worker.origins import toml_path
    from worker.settings import Settings

    return toml_path(Settings).absolute()


def _known(name: str, known: Sequence[str] | Any) -> str:
    """The setting that is meant by its name or its variable. Raises NotFoundError."""
    from worker.origins import did_you_mean

    lower = name.lower().removeprefix("nerq_")
    if lower not in known:
        raise NotFoundError(
            f"There is no setting {name}{did_you_mean(lower, known)}; see `nerq config show`."
        )
    return lower


def _rows(settings: Settings, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    from cli.config_value import shown_value
    from worker.origins import origins

    found = origins(type(settings))
    for name in names:
        origin = found[name]
        yield {
            "name": name,
            "value": shown_value(settings, name),
            "from": str(origin),
            "kind": origin.kind,
            "variable": f"NERQ_{name.upper()}",
        }
