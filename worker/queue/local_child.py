"""The far side of the local pool's pipe: a model process that lives as long as its parent."""

from __future__ import annotations

from multiprocessing.connection import Connection

from worker.errors import NerqError
from worker.log import set_up_logging
from worker.queue.child import ModelProcess
from worker.queue.model_cache import OpenModel, open_stored_model
from worker.queue.reading import Reader
from worker.queue.slots import Slot
from worker.queue.stopping import end_with_parent
from worker.settings import Settings
from worker.store import ModelFacts

#: What a child says once it can take batches, and each time it has opened a model.
READY, OPENED = "ready", "opened"


def run_child(
    pipe: Connection, settings: Settings, slot: Slot, open_model: OpenModel | None, parent_pid: int
) -> None:
    """Answer each batch with its outcome until the pipe says None or ends."""
    slot.pin()
    end_with_parent(parent_pid)
    set_up_logging(settings)
    process = ModelProcess(settings, slot, _telling(pipe, open_model or open_stored_model))
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


def _telling(pipe: Connection, open_model: OpenModel) -> OpenModel:
    def open_and_tell(model: ModelFacts, settings: Settings, slot: Slot) -> Reader:
        reader = open_model(model, settings, slot)
        pipe.send(OPENED)
        return reader

    return open_and_tell
