"""Where queued extractions are worked on: in processes of this command, or by workers behind the queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from cli import output, standing
from cli.workers import warn_if_nobody_works
from worker.errors import ServiceError

if TYPE_CHECKING:
    from cli.follow import Follower
    from worker.queue.local_pool import LocalPool
    from worker.settings import Settings
    from worker.store import Database, Progress

#: Seconds between two looks when nothing is heard.
_PAUSE_S = 0.5
#: How often that is, while following a queue, before it is said that no worker is alive.
_PAUSES_BEFORE_WARNING = 6


class Labour(Protocol):
    """What does the work."""

    def announce(self) -> None:
        """Tell it that more is queued; returns soon."""

    def pause(self, at_most_s: float = _PAUSE_S) -> None:
        """Let it work until something happens, for a moment at most."""


class HereLabour:
    """Model processes of this command."""

    def __init__(self, pool: LocalPool) -> None:
        self._pool = pool

    def announce(self) -> None:
        """Give idle processes work."""
        self._pool.pump(0.0)

    def pause(self, at_most_s: float = _PAUSE_S) -> None:
        """Give idle processes work, and hear what they have done."""
        pause_s = min(at_most_s, _PAUSE_S)
        started = time.monotonic()
        if not self._pool.pump(pause_s) and time.monotonic() - started < pause_s / 10:
            threading.Event().wait(pause_s / 2)  # all that is open is in the hands of another command


class QueueLabour:
    """Workers behind the queue. If it is away, a warning says so: the work is in the database."""

    def __init__(self, database: Database, settings: Settings) -> None:
        from worker.queue.app import BrokerQueue

        self._database = database
        self._settings = settings
        self._queue = BrokerQueue.of(settings)
        self._is_away = False
        self._n_pauses = 0

    def announce(self) -> None:
        """Send what is queued."""
        from worker.queue.dispatch import dispatch

        if self._is_away:
            return
        try:
            dispatch(self._database, self._settings, self._queue)
        except ServiceError as error:
            self._is_away = True
            output.warn(
                f"{error} The work is stored; it is sent as soon as a worker reaches the broker again."
            )

    def pause(self, at_most_s: float = _PAUSE_S) -> None:
        """Wait a moment; after a few of them, say so if there is nobody to wait for."""
        threading.Event().wait(min(at_most_s, _PAUSE_S))
        self._n_pauses += 1
        if self._n_pauses == _PAUSES_BEFORE_WARNING:
            warn_if_nobody_works(self._database, self._settings)


@contextmanager
def advice_on_interrupt(job_id: int, advice: str) -> Iterator[None]:
    """Turn a Ctrl-C inside into one that says what is stored and how to go on."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        message = f"Interrupted. What job {job_id} has done so far is stored; to go on, {advice}."
        raise KeyboardInterrupt(message) from interrupt


@contextmanager
def hired(settings: Settings, database: Database) -> Iterator[Labour]:
    """What does the work under these settings, while the block lasts."""
    if settings.broker:
        yield QueueLabour(database, settings)
        return
    from worker.queue.local_pool import LocalPool

    with LocalPool(settings) as pool:
        yield HereLabour(pool)


def wait_for_end(labour: Labour, follower: Follower) -> Progress:
    """Let the work go on until nothing of the job is open; how it stands then."""
    progress = follower.look()
    while standing.n_open(progress):
        labour.pause()
        progress = follower.glance() or progress
    return progress
