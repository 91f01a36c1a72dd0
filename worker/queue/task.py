"""The Celery task: a thin wrapper of `extract_batch` in a pinned child process."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING, Any

from billiard import current_process
from celery import signals
from celery.worker.request import Request

from worker.log import set_up_logging
from worker.queue.child import ModelProcess
from worker.queue.message import TASK
from worker.queue.stopping import LEAVING, end_with_parent

if TYPE_CHECKING:
    from worker.queue.app import NerqApp

_log = logging.getLogger(__name__)


class BatchRequest(Request):
    """A message of the queue in the hands of a worker."""

    acknowledged: bool

    def acknowledge(self) -> None:
        """Confirm the message, or raise what makes the worker connect anew.

        Celery would only log that it failed. The message would then count as being worked on for ever, and a worker
        that works on one at a time would never take another.
        """
        if not self.acknowledged:
            self._on_ack(_log, ())  # of the errors that would be logged: none
            self.acknowledged = True


def add_task(app: NerqApp) -> None:
    """Register the task, and what a child does before its first one."""
    child: list[ModelProcess] = []

    @signals.worker_process_init.connect(weak=False, dispatch_uid="nerq.child")
    def start(**_: Any) -> None:
        # The slot's number outlives the process: a child that takes a dead one's place has its GPU.
        slot = app.slots[current_process().index % len(app.slots)]
        slot.pin()
        end_with_parent(os.getppid())  # instead of Celery's SIGKILL, which would cost a lone document a life
        set_up_logging(app.settings)
        child[:] = [ModelProcess(app.settings, slot, app.open_model)]
        signal.signal(LEAVING, lambda *_: child[0].leave())

    @app.task(name=TASK, typing=False, shared=False, lazy=False, Request=BatchRequest)
    def extract_batch(*args: Any, **kwargs: Any) -> None:
        # Whatever the arguments are, the message's schema judges them.
        child[0].handle(args[0] if len(args) == 1 and not kwargs else None)
