"""`nerq retry`: queue again what failed or was cancelled in a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli import output, standing
from cli.options import NO_WAIT_NEEDS_A_BROKER, job_argument, json_object, quiet
from cli.quantity import count
from cli.session import opened_database, read_settings
from worker.errors import EXIT_OK

if TYPE_CHECKING:
    from worker.settings import Settings
    from worker.store import Database, Progress


@click.command("retry")
@job_argument
@click.option(
    "--wait/--no-wait", default=None, help="Wait for the end. [default: wait without a broker, else return]"
)
@quiet
@json_object
def command(job: str, wait: bool | None, quiet: bool, as_json: bool) -> int:
    """Queue again what failed or was cancelled in a job.

    \b
    Examples:
      nerq retry 7
      nerq retry last --wait

    Without a broker the work is done here and now, and so is what an interrupted submit has left. A file that
    could not be read is not tried again: correct it and submit it.
    """
    from cli.labour import advice_on_interrupt
    from cli.summary import print_summary
    from worker import store

    settings = read_settings()
    if wait is False and not settings.broker:
        raise click.UsageError(NO_WAIT_NEEDS_A_BROKER)
    waits = wait or not settings.broker
    with opened_database(settings) as database:
        found = store.find_job(database, job)
        n_queued = store.retry_job(database, found.id)
        output.say(
            f"Job {found.id}: {count(n_queued, 'extraction') if n_queued else 'nothing'} queued again."
        )
        with advice_on_interrupt(found.id, f"`nerq retry {found.id}`"):
            progress = _work(settings, database, found.id, waits, quiet)
    print_summary(progress, None, waits, as_json)
    return standing.exit_code(progress) if waits else EXIT_OK


def _work(settings: Settings, database: Database, job_id: int, waits: bool, quiet: bool) -> Progress:
    from cli.follow import Follower
    from cli.labour import hired, wait_for_end
    from cli.progress import make_display

    with hired(settings, database) as labour, make_display(quiet) as display:
        follower = Follower(database, job_id, display)
        labour.announce()
        return wait_for_end(labour, follower) if waits else follower.look()
