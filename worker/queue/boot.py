"""`nerq worker`: Celery's pool of spawned, pinned children; watched, announced and stopped politely."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from types import FrameType
from typing import Any

import psutil
from billiard.exceptions import WorkerLostError
from celery import signals
from celery.apps.worker import Worker
from celery.worker import state as celery_state

from worker import store
from worker.errors import EXIT_OK, EXIT_UNAVAILABLE, SettingsError
from worker.queue.app import STOP_GRACE_S, BrokerQueue, NerqApp, make_app
from worker.queue.events import Pulse
from worker.queue.identity import process_name
from worker.queue.model_cache import OpenModel
from worker.queue.recovery import Recurring, recover_once
from worker.queue.slots import Slot, plan_slots
from worker.queue.stopping import LEAVING
from worker.settings import Settings
from worker.store import Database

_log = logging.getLogger(__name__)

#: Celery tells every message it takes; what is worth telling of a batch, nerq tells itself.
_CELERY_LOG_LEVEL = "WARNING"
#: Children that may die, without any having finished a batch, before the worker gives up.
_MAX_DEATHS = 10
#: Seconds between two signs of life.
BEAT_S = 5.0
#: Seconds that the end of a worker waits for the database.
_LEAVE_S = 5.0
#: What asks the worker to stop; asked again, it does not wait for batches.
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def run_worker(
    settings: Settings,
    gpus: str | None = None,
    per_gpu: int = 1,
    processes: int | None = None,
    open_model: OpenModel | None = None,
) -> int:
    """Work on what is queued until told to stop; the exit code.

    Args:
        settings: with a broker.
        gpus: `all`, `none`, or numbers such as `0,2`; None takes all there are, or the CPU.
        per_gpu: model processes on each GPU.
        processes: model processes on the CPU.
        open_model: how a batch's model is opened, if not from its checkpoint; a function of a module.

    Raises:
        SettingsError: no broker, or GPUs that are not there.
        ServiceError: Redis or the database is out of reach now; later outages are waited out.
    """
    slots = plan_slots(settings, gpus, per_gpu, processes)
    app = make_app(settings, slots, open_model)
    queue = BrokerQueue(app)
    queue.check()
    database = store.open_database(settings.database_url)
    try:
        return _run(app, queue, database)
    finally:
        database.close()


def _run(app: NerqApp, queue: BrokerQueue, database: Database) -> int:
    worker = PoolWorker(app)

    def recover() -> None:
        try:
            recover_once(database, app.settings, queue)
        except SettingsError as error:
            worker.give_up(str(error))

    beats = Heartbeats(database, worker, app.slots)
    recovery = Recurring(app.settings.recovery_s, recover)
    heart = Recurring(BEAT_S, beats.beat)
    pulse = Recurring(BEAT_S, Pulse(app, worker.hostname, BEAT_S).beat)

    @signals.task_failure.connect(weak=False, dispatch_uid="nerq.recovery")
    def child_died(exception: Exception, **_: Any) -> None:
        if isinstance(exception, WorkerLostError):
            worker.count_death()
        recovery.wake()  # its batch is reclaimed now, not at the next round

    @signals.worker_ready.connect(weak=False, dispatch_uid="nerq.heart")
    def pool_started(**_: Any) -> None:
        heart.wake()

    logging.getLogger("celery").setLevel(_CELERY_LOG_LEVEL)
    _log.info("worker starts", extra={"processes": len(app.slots), "device": app.slots[0].label})
    recovery.start()
    heart.start()
    pulse.start()
    try:
        worker.start()
    finally:
        recovery.stop()
        pulse.stop()
        heart.stop()
        beats.leave()
    _log.info("worker stopped")
    return EXIT_UNAVAILABLE if worker.exitcode else EXIT_OK


class PoolWorker(Worker):
    """Celery's worker with nerq's way of stopping: batches are finished for a while, then given back."""

    def __init__(self, app: NerqApp) -> None:
        self._n_signals = 0
        self._n_deaths = 0
        super().__init__(
            app=app,
            hostname=f"nerq-{os.getpid()}@{socket.gethostname()}",
            concurrency=len(app.slots),
            loglevel=_CELERY_LOG_LEVEL,
            optimization="fair",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,  # Pulse sends it
        )

    def install_platform_tweaks(self, _worker: Worker) -> None:
        """Called by Celery in the main thread, before the pool starts."""
        for number in _STOP_SIGNALS:
            signal.signal(number, self._on_signal)
        signal.signal(LEAVING, signal.SIG_IGN)  # as children do until they understand it: they inherit that

    def children(self) -> dict[int, int]:
        """Slot number of each living child by its process id."""
        pool = getattr(self.pool, "_pool", None)
        return {child.pid: child.index for child in list(getattr(pool, "_pool", ())) if child.pid}

    def count_death(self) -> None:
        """Note the death of a child; a host on which none ever finishes a batch must not use up the losses."""
        self._n_deaths += 1
        if celery_state.successful_requests:
            self._n_deaths = 0
        elif self._n_deaths >= _MAX_DEATHS:
            self.give_up("model processes die before they finish a batch")

    def give_up(self, reason: str) -> None:
        """Stop after the batches in hand, with an exit code that says so."""
        _log.critical("worker cannot go on; stopping", extra={"reason": reason})
        celery_state.should_stop = EXIT_UNAVAILABLE
        self._tell_children(LEAVING)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._n_signals += 1
        celery_state.should_stop = EXIT_OK
        grace_s = STOP_GRACE_S if self._n_signals == 1 else 0.0
        timer = threading.Timer(grace_s, self._cut)
        timer.daemon = True
        timer.start()
        self._tell_children(LEAVING)

    def _cut(self) -> None:
        self._tell_children(signal.SIGTERM)

    def _tell_children(self, number: signal.Signals) -> None:
        for pid in self.children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


class Heartbeats:
    """A row for each model process, so that `nerq status` shows who works on what."""

    def __init__(self, database: Database, worker: PoolWorker, slots: tuple[Slot, ...]) -> None:
        self._database = database
        self._worker = worker
        self._slots = slots
        self._known: set[str] = set()

    def beat(self) -> None:
        """Renew the rows of the living and remove those of the dead. What a child noted of itself is kept."""
        alive = set()
        for pid, index in self._worker.children().items():
            with contextlib.suppress(psutil.NoSuchProcess):
                name = process_name(pid)
                device = self._slots[index % len(self._slots)].label
                store.beat(self._database, name, socket.gethostname(), pid, device)
                alive.add(name)
        for name in self._known - alive:
            store.leave(self._database, name)
        self._known = alive

    def leave(self) -> None:
        """Remove all rows, if the database answers soon; else they expire by themselves."""
        leaving = threading.Thread(target=self._leave, name="nerq-leave", daemon=True)
        leaving.start()
        leaving.join(_LEAVE_S)

    def _leave(self) -> None:
        with contextlib.suppress(Exception):
            for name in self._known:
                store.leave(self._database, name)
