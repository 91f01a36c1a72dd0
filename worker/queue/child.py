"""What one model process keeps between batches: its name, its database, its models."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable

from worker import store
from worker.errors import NerqError, ServiceError, SettingsError, TransientError
from worker.queue.extract import Outcome, extract_batch
from worker.queue.identity import process_name
from worker.queue.message import BatchMessage, MessageError, parse
from worker.queue.model_cache import ModelCache, OpenModel
from worker.queue.slots import Slot
from worker.queue.stopping import StopRequest, pause, stop_at_next_pack
from worker.settings import Settings
from worker.store import Database

_log = logging.getLogger(__name__)

#: Exit status of a process that cannot go on; its batch is reclaimed by the one that watches it.
EXIT_BROKEN = 70
#: Seconds that a process leaves the queue to others after a refusal; doubled by the next one, up to the second.
_PAUSE_S, _MAX_PAUSE_S = 5.0, 60.0


class ModelProcess:
    """Makes batches into stored entities, in a process that does nothing else and is pinned to its slot."""

    def __init__(
        self,
        settings: Settings,
        slot: Slot,
        open_model: OpenModel | None = None,
        wait: Callable[[float, Callable[[], bool]], None] = pause,
    ) -> None:
        self.name = process_name()
        self._settings = settings
        self._slot = slot
        self._models = ModelCache(settings, slot, open_model)
        self._database: Database | None = None
        self._has_note = False
        self._n_refused_messages = 0
        self._wait = wait
        self._n_refusals = 0
        self._is_leaving = False

    def handle(self, body: object) -> Outcome:
        """Do what a message says; one that is no batch is logged and dropped.

        Returns late after a batch whose model cannot be opened here: refusing is quick, and else this process
        would take every message before those that can read it, and use up its refusals.
        """
        try:
            batch = parse(body)
        except MessageError as error:
            self._n_refused_messages += 1
            _log.error("message refused", extra={"reason": str(error), "refused": self._n_refused_messages})
            return Outcome(problem=str(error))
        outcome = self.extract(batch)
        if outcome.is_refused:
            self._hold_back()
        elif outcome.n_claimed:
            self._n_refusals = 0
        return outcome

    def leave(self) -> None:
        """The worker stops once its children have done what they have in hand: no pause is worth waiting for."""
        self._is_leaving = True

    def extract(self, batch: BatchMessage) -> Outcome:
        """Read a batch. What cannot be read for want of the database stays queued and is sent again.

        Raises:
            SystemExit: the process was asked to stop, or cannot go on.
        """
        with stop_at_next_pack() as stop:
            outcome = self._extract(batch, stop)
        stop.check()
        self._tell(outcome.problem)
        return outcome

    def open(self) -> Database:
        """The database, opened once.

        Raises:
            ServiceError, SettingsError: it cannot be opened.
        """
        if self._database is None:
            self._database = store.open_database(self._settings.database_url)
        return self._database

    def _extract(self, batch: BatchMessage, stop: StopRequest) -> Outcome:
        try:
            return extract_batch(
                self.open(), batch.extractions, self._models, self._settings, self.name, stop
            )
        except (ServiceError, TransientError, SettingsError) as error:
            _log.warning(
                "batch not claimed", extra={"extractions": len(batch.extractions), "reason": str(error)}
            )
            return Outcome(problem=str(error))
        except Exception as error:
            # Unforeseen, or a GPU that is gone: another process takes over, and the losses bound it.
            _log.critical("model process cannot go on", exc_info=error)
            raise SystemExit(EXIT_BROKEN) from error

    def _hold_back(self) -> None:
        pause_s = min(_PAUSE_S * 2 ** min(self._n_refusals, 10), _MAX_PAUSE_S)
        self._n_refusals += 1
        with stop_at_next_pack() as stop:
            self._wait(pause_s, lambda: stop.is_set or self._is_leaving)
        stop.check()

    def _tell(self, problem: str | None) -> None:
        """Say in the heartbeat what ails this process, and that it no longer does."""
        if problem is None and not self._has_note:
            return
        with contextlib.suppress(NerqError):
            store.beat(self.open(), self.name, socket.gethostname(), *self._standing(), note=problem or "")
            self._has_note = problem is not None

    def _standing(self) -> tuple[int, str]:
        return int(self.name.split(":")[1]), self._slot.label
