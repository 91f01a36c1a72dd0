"""The far side of the local pool's pipe: a model process that lives as long as its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from multiprocessing.connection import Connection

from worker.errors import NerqError
from worker.log import set_up_logging
from worker.queue.child import ModelProcess
from worker.queue.model_cache import OpenModel
from worker.queue.slots import Slot
from worker.settings import Settings

#: What a child says once it can take batches.
READY = "ready"
#: PR_SET_PDEATHSIG of <sys/prctl.h>: the signal that the kernel sends when the parent is gone.
_PARENT_DEATH_SIGNAL = 1


def run_child(
    pipe: Connection, settings: Settings, slot: Slot, open_model: OpenModel | None, parent_pid: int
) -> None:
    """Answer each batch with its outcome until the pipe says None or ends."""
    slot.pin()
    _end_with_parent(parent_pid)
    set_up_logging(settings)
    process = ModelProcess(settings, slot, open_model)
    try:
        process.open()
    except NerqError as error:
        pipe.send(error)
        return
    pipe.send(READY)
    try:
        while (batch := pipe.recv()) is not None:
            pipe.send(process.extract(batch))
    except (EOFError, BrokenPipeError):  # the parent is gone
        return


def _end_with_parent(parent_pid: int) -> None:
    """Be told of the parent's death by SIGTERM, so that the batch in hand is given back.

    Where the kernel cannot do that, the end of the pipe tells, after the batch.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent_pid:
        sys.exit(0)
