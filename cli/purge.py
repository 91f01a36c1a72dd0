"""`nerq purge`: delete jobs and documents for good."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli import output
from cli.options import json_object
from cli.quantity import count
from cli.render import render_one
from cli.session import stored
from worker.errors import EXIT_FAILURES, EXIT_OK

if TYPE_CHECKING:
    from worker.store import Database, Purged

_ADVICE_POSTGRESQL = (
    "PostgreSQL keeps deleted rows in its files until they are vacuumed; to be rid of them now:\n"
    "  VACUUM (FULL) document, source, extraction, entity, job;"
)


@click.command("purge")
@click.argument("jobs", metavar="[JOB]...", nargs=-1)
@click.option(
    "--document",
    "documents",
    multiple=True,
    metavar="DOCUMENT",
    help="A document: its id, path, or a unique end of its path. Repeat it for more.",
)
@click.option("--yes", "-y", "is_sure", is_flag=True, help="Do not ask.")
@click.option("--scrub", is_flag=True, help="Without a JOB: only overwrite what was deleted before (SQLite).")
@json_object
def command(
    jobs: tuple[str, ...], documents: tuple[str, ...], is_sure: bool, scrub: bool, as_json: bool
) -> int:
    """Delete jobs and documents for good.

    \b
    Examples:
      nerq purge 7                                   a job, and all that only it has submitted
      nerq purge 7 spring --yes --json
      nerq purge --document patients/anna.txt        every text ever submitted under this path
      nerq purge --document 12 --document 13

    A JOB is a number, a name, or 'last'. Texts, entities, extractions, paths and names are deleted; work that
    is running on them is cancelled, and what it finds is never stored. A document of a JOB stays if another job
    has submitted it too; a --document goes from all jobs. Scores of `nerq evaluations` stay: they hold no text.

    A SQLite file is written anew, so that nothing of it is left in the file or its log. If another process is in
    the way the exit code is 1: `nerq purge --scrub` does that part later. What PostgreSQL needs is said at the
    end. Out of reach are backups, snapshots, freed blocks of a disk, and files that you have made of the answers.
    """
    from worker import store

    is_named = bool(jobs or documents)
    if not is_named and not scrub:
        raise click.UsageError("Name a JOB or a --document.")
    if is_named and scrub:
        raise click.UsageError("--scrub goes without a JOB and a --document: it is done anyway.")
    with stored() as database:
        purged = None
        if is_named:
            doomed = store.find_doomed(database, jobs, documents)
            if not is_sure and not _is_confirmed(store.purge_extent(database, doomed)):
                output.say("Nothing was deleted.")
                return EXIT_FAILURES
            purged = store.purge(database, doomed)
        problem = _scrub(database)
        _tell(purged, database, problem, as_json)
    return EXIT_FAILURES if problem else EXIT_OK


def _is_confirmed(extent: Purged) -> bool:
    if not output.reads_terminal():
        raise click.UsageError("Nobody is there to be asked; with --yes it is deleted without a question.")
    output.say(_deleted(extent, "To be deleted for good"))
    return click.confirm("Delete?", err=True)


def _scrub(database: Database) -> str | None:
    from worker import store

    return store.scrub(database) if database.is_sqlite else None


def _tell(purged: Purged | None, database: Database, problem: str | None, as_json: bool) -> None:
    if as_json:
        answer = {name.removeprefix("n_"): n for name, n in asdict(purged).items()} if purged else {}
        render_one({**answer, "scrubbed": problem is None if database.is_sqlite else None})
    elif purged:
        output.write(_deleted(purged, "Deleted") + "\n")
    if problem:
        output.warn(
            f"What was deleted may still stand in the database's file: {problem}. Stop it, then `nerq purge --scrub`."
        )
    elif not database.is_sqlite:
        output.say(_ADVICE_POSTGRESQL)


def _deleted(purged: Purged, what: str) -> str:
    running = f" ({count(purged.n_running)} running)" if purged.n_running else ""
    rows = [
        count(purged.n_jobs, "job"),
        count(purged.n_documents, "document"),
        count(purged.n_sources, "source"),
        count(purged.n_extractions, "extraction") + running,
        count(purged.n_entities, "entity", "entities"),
    ]
    stay, it = ("stays", "it") if purged.n_kept == 1 else ("stay", "them")
    kept = (
        f" {count(purged.n_kept, 'document')} {stay}: another job has submitted {it} too."
        if purged.n_kept
        else ""
    )
    return f"{what}: {', '.join(rows)}.{kept}"
