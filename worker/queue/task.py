"""The Celery task: a thin wrapper of `extract_batch` in a pinned child process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from billiard import current_process
from celery import signals

from worker.log import set_up_logging
from worker.queue.child import ModelProcess
from worker.queue.message import TASK
from worker.queue.stopping import end_with_parent

if TYPE_CHECKING:
    from worker.queue.app import NerqApp


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

    @app.task(name=TASK, typing=False, shared=False, lazy=False)
    def extract_batch(*args: Any, **kwargs: Any) -> None:
        # Whatever the arguments are, the message's schema judges them.
        child[0].handle(args[0] if len(args) == 1 and not kwargs else None)
