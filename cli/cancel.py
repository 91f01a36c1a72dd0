"""`nerq cancel`: cancel what a job still waits for."""

from __future__ import annotations

import click

from cli.next_steps import say_next
from cli.options import job_argument, json_object
from cli.output import write
from cli.quantity import count
from cli.render import render_one
from cli.session import stored


@click.command("cancel")
@job_argument
@json_object
def command(job: str, as_json: bool) -> None:
    """Cancel what a job still waits for.

    \b
    Examples:
      nerq cancel 7
      nerq cancel last

    What is done stays. Documents that another job waits for too go on. `nerq retry JOB`, or the same
    `nerq submit` again, takes up what was cancelled.
    """
    from worker import store

    with stored() as database:
        found = store.find_job(database, job)
        n_cancelled = store.cancel_job(database, found.id)
    if as_json:
        render_one({"job": found.id, "cancelled": n_cancelled})
    else:
        write(f"Job {found.id}: {count(n_cancelled, 'extraction')} cancelled.\n")
        if n_cancelled:
            say_next((f"nerq retry {found.id}", "take it up again"))
