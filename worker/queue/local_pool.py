"""`nerq submit` without a broker: spawned model processes fed over pipes; the database is the queue."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import wait
from types import FrameType, TracebackType
from typing import Any

from worker import store
from worker.errors import NerqError, ServiceError
from worker.queue.batching import make_batches
from worker.queue.extract import Outcome
from worker.queue.local_process import LocalProcess
from worker.queue.message import BatchMessage
from worker.queue.model_cache import OpenModel
from worker.queue.recovery import reclaim_lost
from worker.queue.slots import plan_slots
from worker.queue.stopping import CUT_S
from worker.settings import Settings
from worker.store import Announced

_log = logging.getLogger(__name__)

#: Seconds between two signs of life.
_BEAT_S = 5.0
#: Processes that may die before they have opened a model, one after the other, before the pool gives up.
_MAX_FALSE_STARTS = 3


class LocalPool:
    """Reads whatever is queued in the database with a few processes of its own. Use it from the main thread:

        with LocalPool(settings) as pool:
            while not finished():
                pool.pump(0.5)

    Processes start when there is work for them. Leaving the block lets them finish what they have in hand;
    leaving it by an exception (Ctrl-C too, and SIGTERM, which becomes one) gives that back to the queue.
    """

    def __init__(
        self,
        settings: Settings,
        processes: int | None = None,
        gpus: str | None = None,
        open_model: OpenModel | None = None,
    ) -> None:
        self._settings = settings
        self._open_model = open_model
        self._slots = plan_slots(settings, gpus, processes=processes)
        self._processes: dict[int, LocalProcess] = {}
        self._backlog: deque[BatchMessage] = deque()
        self._n_false_starts = 0
        self._recover_at = self._beat_at = 0.0
        self._on_sigterm: Any = None
        self._db = store.open_database(settings.database_url)

    def __enter__(self) -> LocalPool:
        if threading.current_thread() is threading.main_thread():
            self._on_sigterm = signal.signal(signal.SIGTERM, _interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._stop(cut=kind is not None)
        except KeyboardInterrupt:
            self._stop(cut=True)
            raise
        finally:
            if self._on_sigterm is not None:
                signal.signal(signal.SIGTERM, self._on_sigterm)
            self._db.close()

    def pump(self, timeout_s: float = 0.0) -> int:
        """Give idle processes work, and see to what happened; the number of extractions that ended.

        Returns as soon as something happened, or after `timeout_s`.

        Raises:
            NerqError: no process can work at all, or the database is out of reach.
        """
        self._recover_if_due()
        self._feed()
        n_ended = self._listen(timeout_s)
        self._feed()
        return n_ended

    # Giving work.

    def _feed(self) -> None:
        idle = [i for i in range(len(self._slots)) if self._is_idle(i)]
        # Those that run already come first: starting one costs seconds.
        idle.sort(key=lambda i: i not in self._processes)
        if len(self._backlog) < len(idle):
            room = len(idle) - len(self._backlog)
            self._backlog.extend(
                self._batches(store.announce(self._db, room * self._settings.batch_documents), room)
            )
        for index in idle:
            if not self._backlog:
                return
            self._process(index).give(self._backlog.popleft())

    def _batches(self, announced: Sequence[Announced], spread: int) -> list[BatchMessage]:
        return make_batches(announced, self._settings.batch_chars, self._settings.batch_documents, spread)

    def _is_idle(self, index: int) -> bool:
        return index not in self._processes or self._processes[index].batch is None

    def _process(self, index: int) -> LocalProcess:
        if index not in self._processes:
            self._processes[index] = LocalProcess(self._settings, self._slots[index], self._open_model)
        return self._processes[index]

    # Hearing what became of it.

    def _listen(self, timeout_s: float) -> int:
        for process in self._processes.values():
            if process.kill_if_overdue():
                _log.error("time limit: process killed", extra={"worker": process.name})
        handles: dict[Any, int] = {}
        for index, process in self._processes.items():
            handles[process.pipe] = handles[process.sentinel] = index
        ready = {handles[handle] for handle in wait(list(handles), timeout_s)} if handles else set()
        n_ended = 0
        for index in ready:
            for outcome in self._processes[index].answers():
                n_ended += outcome.n_done + outcome.n_failed
                self._note(outcome)
            if self._processes[index].has_opened:
                self._n_false_starts = 0
            if not self._processes[index].is_alive:
                self._bury(index)
        return n_ended

    def _note(self, outcome: Outcome) -> None:
        if outcome.problem:
            _log.warning("batch went back to the queue", extra={"reason": outcome.problem})

    def _bury(self, index: int) -> None:
        """Take back what a dead process had in hand. The next batch starts another in its place."""
        process = self._processes.pop(index)
        status = process.end(timeout_s=1.0)
        lost = store.reclaim(self._db, self._settings.max_losses, {process.name})
        if process.batch is not None:  # it may have died before its claim
            store.unannounce(self._db, process.batch.extractions)
        with contextlib.suppress(NerqError):
            store.leave(self._db, process.name)
        _log.warning(
            "model process died",
            extra={"status": status, "reclaimed": lost.n_queued, "failed": lost.n_failed},
        )
        self._n_false_starts += not process.has_opened
        if self._n_false_starts >= _MAX_FALSE_STARTS:
            raise ServiceError(f"The model process dies as it starts (exit status {status}); see the log.")

    # Now and then.

    def _recover_if_due(self) -> None:
        now = time.monotonic()
        if now >= self._beat_at:
            self._beat_at = now + _BEAT_S
            for process in self._processes.values():
                store.beat(self._db, process.name, socket.gethostname(), process.pid, process.slot.label)
        if now >= self._recover_at:
            self._recover_at = now + self._settings.recovery_s
            reclaim_lost(self._db, self._settings)
            self._take_over()

    def _take_over(self) -> None:
        """Take what another process announced and never read, such as a pool that was killed."""
        if self._backlog:
            return
        limit = self._settings.batch_documents * len(self._slots)
        waiting = store.announce_again(self._db, self._settings.resend_s, limit)
        self._backlog.extend(self._batches(waiting, len(self._slots)))

    # The end.

    def _stop(self, cut: bool) -> None:
        """Let the processes finish what they have in hand, or with `cut` give it back, and end them."""
        unsent = [id_ for batch in self._backlog for id_ in batch.extractions]
        self._backlog.clear()
        for process in self._processes.values():
            process.ask_to_stop(cut)
        patience_s = CUT_S + 2 if cut else self._settings.time_limit_s
        give_up_at = time.monotonic() + patience_s
        ended = []
        while self._processes:
            index, process = next(iter(self._processes.items()))
            process.end(give_up_at - time.monotonic())
            ended.append(self._processes.pop(index).name)
        with contextlib.suppress(NerqError):
            store.unannounce(self._db, unsent)
            store.reclaim(self._db, self._settings.max_losses, ended)
            for name in ended:
                store.leave(self._db, name)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
