"""`nerq db`: look after the database schema."""

from __future__ import annotations

import click

from cli.next_steps import say_next
from cli.options import json_object
from cli.output import say, write
from cli.render import render_one
from cli.session import read_settings, sqlite_path
from worker.errors import EXIT_FAILURES, EXIT_OK, NotFoundError


@click.group("db")
def command() -> None:
    """Look after the database schema.

    \b
    Examples:
      nerq db check      is a migration pending?
      nerq db upgrade    bring the schema to this version of nerq
    """


@command.command("upgrade")
@json_object
def upgrade(as_json: bool) -> None:
    """Bring the database to the schema of this version of nerq.

    \b
    Examples:
      nerq db upgrade
      NERQ_DATABASE=postgresql://nerq@db/nerq nerq db upgrade

    It makes the tables in an empty database and keeps every row in a filled one. Stop the workers first.
    """
    from worker import store

    url = read_settings().database_url
    before = store.migration_state(url).current
    store.upgrade_database(url)
    state = store.migration_state(url)
    if as_json:
        render_one({"from": before, "to": state.current})
    elif before == state.current:
        write(f"The database is at version {state.current} already.\n")
    else:
        write(f"The database went from version {before or 'none'} to {state.current}.\n")
        say_next(("nerq doctor", "does everything answer?"), ("nerq worker", "where there is a broker"))


@command.command("check")
@json_object
def check(as_json: bool) -> int:
    """Say whether the database has the schema of this version of nerq.

    \b
    Examples:
      nerq db check && nerq worker
      nerq db check --json

    The exit code is 0 if it has, 1 if not.
    """
    from worker import store

    settings = read_settings()
    path = sqlite_path(settings)
    if path and not path.exists():
        raise NotFoundError(f"There is no database {path}: `nerq submit` or `nerq db upgrade` makes it.")
    state = store.migration_state(settings.database_url)
    if as_json:
        render_one({"current": state.current, "head": state.head, "is_current": state.is_current})
    elif state.is_current:
        write(f"The database is at version {state.current}, as this nerq needs it.\n")
    else:
        write(f"The database is at version {state.current or 'none'}; this nerq needs {state.head}.\n")
        say("Run `nerq db upgrade`.")
    return EXIT_OK if state.is_current else EXIT_FAILURES
