"""`nerq errors`: the documents of a job that failed, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli import standing
from cli.next_steps import Step, suggest
from cli.options import job_argument, json_lines
from cli.render import Column, render_rows, with_record
from cli.session import stored

if TYPE_CHECKING:
    from worker.store import Progress

COLUMNS = (
    Column("path", joined=with_record, cut="left"),
    Column("code"),
    Column("detail", cut="right"),
    Column("attempt", "attempts", right=True),
)


@click.command("errors")
@job_argument
@json_lines
def command(job: str, as_json: bool) -> None:
    """List the documents of a job that failed, and why.

    \b
    Examples:
      nerq errors last
      nerq errors 7 --json | jq -r .path

    ATTEMPTS is 0 for a file that could not be read. `nerq retry JOB` queues again what failed while it was
    worked on; a file that could not be read is read again by `nerq submit`.
    """
    from worker import store

    with stored() as database:
        found = store.find_job(database, job)
        rows = (asdict(row) for row in store.job_errors(database, found.id))
        render_rows(rows, COLUMNS, "jsonl" if as_json else "table", f"Nothing failed in job {found.id}.")
        if not as_json:
            suggest(*_next_steps(store.job_progress(database, found.id)))


def _next_steps(progress: Progress) -> Iterator[Step]:
    if standing.by_state(progress)["failed"]:
        yield f"nerq retry {progress.job.id}", "try again what failed while it was worked on"
    if progress.n_failed_sources:
        yield "nerq submit PATH", "read a corrected file"
