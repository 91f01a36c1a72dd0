"""What was lost is reclaimed and sent again.

SQL says what is open; Redis only says whether anything is left in it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from worker import store
from worker.errors import NerqError
from worker.queue.app import QueueState, Sender
from worker.queue.dispatch import dispatch, dispatch_again
from worker.queue.identity import is_gone
from worker.settings import Settings
from worker.store import Database

_log = logging.getLogger(__name__)

#: Seconds that a message may be between Redis and its claim; an empty Redis then means that it was lost.
_IN_HAND_S = 2.0


class WatchedQueue(Sender, Protocol):
    """A queue that can say how full it is."""

    def state(self) -> QueueState:
        """How many messages there are. Raises ServiceError."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What one round did, in extractions."""

    n_reclaimed: int = 0
    n_failed: int = 0
    n_sent: int = 0
    n_sent_again: int = 0


def recover_once(db: Database, settings: Settings, queue: WatchedQueue) -> Recovered:
    """One round: reclaim from the dead, send what was never sent, send again what Redis lost.

    Nothing is sent again while messages wait: duplicates are harmless, since a claim is conditional, but must
    not pile up. With Redis quite empty nobody has a message in hand for more than a moment; while some are in
    hand, one may belong to a process that starts up, and `resend_s` is waited for.

    Raises:
        ServiceError: the database or Redis is out of reach.
    """
    lost = reclaim_lost(db, settings)
    n_sent = dispatch(db, settings, queue)
    state = queue.state()
    n_again = 0
    if state.n_waiting == 0:
        older_than_s = settings.resend_s if state.n_taken else min(_IN_HAND_S, settings.resend_s)
        n_again = dispatch_again(db, settings, queue, older_than_s)
    found = Recovered(lost.n_queued, lost.n_failed, n_sent, n_again)
    if found != Recovered(n_sent=n_sent):
        _log.warning(
            "recovered",
            extra={
                "reclaimed": found.n_reclaimed,
                "failed": found.n_failed,
                "sent_again": found.n_sent_again,
            },
        )
    return found


def reclaim_lost(db: Database, settings: Settings) -> store.Reclaimed:
    """Take back what runs under an expired lease, or belonged to a process of this host that is gone."""
    dead = [name for name in store.running_workers(db) if is_gone(name)]
    return store.reclaim(db, settings.max_losses, dead)


class Recurring(threading.Thread):
    """Runs steps every so often, and at once when woken, until stopped. A step that fails is tried again."""

    def __init__(self, every_s: float, *steps: Callable[[], object]) -> None:
        super().__init__(name="nerq-recovery", daemon=True)
        self._every_s = every_s
        self._steps = steps
        self._wake = threading.Event()
        self._stopped = threading.Event()

    def run(self) -> None:
        """The thread's body."""
        while not self._stopped.is_set():
            self._wake.clear()
            for step in self._steps:
                self._try(step)
            self._wake.wait(self._every_s)

    def wake(self) -> None:
        """Start the next round now."""
        self._wake.set()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End after the step in hand."""
        self._stopped.set()
        self._wake.set()
        self.join(timeout_s)

    def _try(self, step: Callable[[], object]) -> None:
        try:
            step()
        except NerqError as error:
            _log.warning("recovery round failed; trying again", extra={"reason": str(error)})
        except Exception:
            _log.exception("recovery round failed; trying again")
