"""Queued extractions -> messages: announce, batch, send."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from worker import store
from worker.queue.app import Sender
from worker.queue.batching import make_batches
from worker.settings import Settings
from worker.store import Announced, Database

_log = logging.getLogger(__name__)

#: Extractions announced at a time.
_CHUNK = 4096


def dispatch(db: Database, settings: Settings, sender: Sender) -> int:
    """Send what is queued and not announced yet; the number of extractions sent.

    Raises:
        ServiceError: the queue is out of reach. What could not be sent is left to be announced again.
    """
    n_sent = 0
    while announced := store.announce(db, _CHUNK):
        n_sent += _send(db, settings, sender, announced)
        if len(announced) < _CHUNK:  # to look once more would cost another transaction
            break
    return n_sent


def dispatch_again(db: Database, settings: Settings, sender: Sender, older_than_s: float) -> int:
    """Send again what was announced longer ago than that and still waits; the number of extractions sent.

    Raises:
        ServiceError: as `dispatch`.
    """
    n_sent = last_id = 0
    # By id, not only by age: on a long queue the first chunk is due again before the last one was sent.
    while announced := store.announce_again(db, older_than_s, _CHUNK, after_id=last_id):
        last_id = announced[-1].id
        n_sent += _send(db, settings, sender, announced)
    return n_sent


def _send(db: Database, settings: Settings, sender: Sender, announced: Sequence[Announced]) -> int:
    batches = make_batches(announced, settings.batch_chars, settings.batch_documents)
    for n_sent, batch in enumerate(batches):
        try:
            sender.send(batch)
        except BaseException:  # a stop too: what counts as sent is not looked at again for long
            store.unannounce(db, [id_ for unsent in batches[n_sent:] for id_ in unsent.extractions])
            raise
    _log.info("dispatched", extra={"extractions": len(announced), "batches": len(batches)})
    return len(announced)
