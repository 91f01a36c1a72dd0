"""A job's work shown while it goes on, without asking the database all the time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cli import standing
from cli.progress import Moment, Silent

if TYPE_CHECKING:
    from worker.store import Database, Progress

#: Seconds between two looks at the database, at least;
LOOK_EVERY_S = 0.2
#: and this many times what a look takes, so that looking stays a small part of the work on a huge job.
_LOOK_SHARE = 20.0


class Follower:
    """Looks at one job every so often and shows how far it is."""

    def __init__(self, database: Database, job_id: int, display: Silent) -> None:
        self._database = database
        self._job_id = job_id
        self._display = display
        self._next_look = 0.0

    def glance(self) -> Progress | None:
        """Look and show, if it is time for it."""
        return self.look() if time.monotonic() >= self._next_look else None

    def look(self) -> Progress:
        """Look and show now."""
        from worker import store

        started = time.monotonic()
        progress = store.job_progress(self._database, self._job_id)
        took = time.monotonic() - started
        self._next_look = started + max(LOOK_EVERY_S, _LOOK_SHARE * took)
        self._display.show(_moment(progress))
        return progress


def _moment(progress: Progress) -> Moment:
    n_open = standing.n_open(progress)
    total = sum(progress.states.values()) + progress.n_failed_sources
    return Moment(
        done=total - n_open,
        total=total,
        is_reading=progress.job.closed_at is None,
        n_failed=standing.n_failed(progress),
        chars_per_s=progress.chars_per_s,
        seconds_left=progress.seconds_left,
    )
