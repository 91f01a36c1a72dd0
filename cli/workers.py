"""The workers that are alive, and what to say when work waits and none is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import output
from cli.quantity import count

if TYPE_CHECKING:
    from worker.settings import Settings
    from worker.store import Database, WorkerRow


def live_workers(database: Database, settings: Settings) -> list[WorkerRow]:
    """Workers that gave a sign of life within the last rounds of their recovery loop."""
    from worker import store

    return store.live_workers(database, within_s=max(30.0, 4 * settings.recovery_s))


def warn_if_nobody_works(database: Database, settings: Settings) -> None:
    """Say clearly when work waits that nobody will do."""
    from worker import store

    work = store.open_work(database)
    if work.n_queued and not live_workers(database, settings):
        start = (
            "start one with `nerq worker`"
            if settings.broker
            else "submit again, or `nerq retry JOB`, to do it here"
        )
        output.warn(
            f"{count(work.n_queued, 'extraction waits', 'extractions wait')} and no worker is alive: {start}."
        )
