"""One batch: claim -> recognise -> finish, and what each error makes happen."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from worker import store
from worker.errors import DocumentError, ModelError, NerqError, ServiceError, SettingsError, TransientError
from worker.queue.model_cache import ModelCache
from worker.queue.reading import read_all
from worker.queue.stopping import StopRequest
from worker.settings import Settings
from worker.store import Claimed, ClaimedBatch, Database, Finished, NewEntity, RunFacts
from worker.version import nerq_version

if TYPE_CHECKING:
    from worker.recognition import Recognition

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

#: A database that is away for less than this costs no work, in seconds.
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch, in extractions. `problem` says why some went back to the queue."""

    n_claimed: int = 0
    n_done: int = 0
    n_failed: int = 0
    n_returned: int = 0
    problem: str | None = None
    #: Whether it went back because the model cannot be opened here.
    is_refused: bool = False


class _NothingHeldError(TransientError):
    """Every extraction of the batch was cancelled or taken over; its results would not be stored."""


def extract_batch(
    db: Database,
    ids: Sequence[int],
    models: ModelCache,
    settings: Settings,
    worker: str,
    stop: StopRequest | None = None,
) -> Outcome:
    """Read the waiting ones of these extractions and store what was found.

    Args:
        db: the database.
        ids: extractions of one model, as a message names them.
        models: where recognisers come from.
        settings: lease, time limit and losses.
        worker: name of this process.
        stop: looked at after every pack.

    Raises:
        SystemExit: a stop was asked for; the batch went back to the queue.
        BrokenDeviceError: this process cannot go on; its batch is left to be reclaimed.
        ServiceError, TransientError, SettingsError: the batch could not even be claimed; nothing has changed.
    """
    started = time.monotonic()
    batch = _claim(db, ids, settings, worker)
    if batch is None:
        return Outcome()
    held = [(one.id, one.attempt) for one in batch.extractions]
    try:
        return _work(db, batch, models, settings, worker, stop or StopRequest())
    except ModelError as error:
        reason = str(error)
        _patiently(lambda: store.refuse(db, held, reason))
        _log.warning("model refused", extra={"model": batch.model.id[:12], "extractions": len(held)})
        return Outcome(n_claimed=len(held), n_returned=len(held), problem=reason, is_refused=True)
    except (TransientError, ServiceError, SettingsError) as error:
        _give_back(db, held)
        return Outcome(n_claimed=len(held), n_returned=len(held), problem=str(error))
    except (SystemExit, KeyboardInterrupt):
        # A stop costs nothing. But what has used up its time is stuck: given back, it would be so for ever.
        if time.monotonic() - started < settings.time_limit_s:
            _give_back(db, held)
        raise


def _claim(db: Database, ids: Sequence[int], settings: Settings, worker: str) -> ClaimedBatch | None:
    """Claim patiently. The first call may have been committed although its answer was lost with the server."""
    calls = itertools.count()

    def claim() -> ClaimedBatch | None:
        is_repeated = next(calls) > 0
        return store.claim(db, ids, worker, settings.lease_s, settings.max_losses, is_repeated=is_repeated)

    return _patiently(claim)


def _work(
    db: Database, batch: ClaimedBatch, models: ModelCache, settings: Settings, worker: str, stop: StopRequest
) -> Outcome:
    reader = models.get(batch.model)
    lease = _Lease(db, batch.extractions, settings.lease_s, stop)
    lease.on_progress()  # opening a model may have taken long
    started = time.monotonic()
    readings = read_all(reader, batch.extractions, lease.on_progress)
    seconds = time.monotonic() - started
    run = RunFacts(worker, reader.engine, reader.precision, nerq_version())
    results = _results(readings.read, seconds)
    n_done, unstorable = _finish(db, results, run)
    failures = [(one.id, one.attempt, why) for one, why in readings.failed] + unstorable
    for id_, attempt, why in failures:
        _fail(db, id_, attempt, why)
    n_failed = len(failures)
    _log.info(
        "batch done",
        extra={
            "extractions": len(batch.extractions),
            "done": n_done,
            "failed": n_failed,
            "seconds": round(seconds, 2),
        },
    )
    return Outcome(n_claimed=len(batch.extractions), n_done=n_done, n_failed=n_failed)


class _Lease:
    """Keeps a batch reserved for as long as it makes progress, with few statements."""

    def __init__(self, db: Database, claimed: Sequence[Claimed], lease_s: float, stop: StopRequest) -> None:
        self._db = db
        self._held = [(one.id, one.attempt) for one in claimed]
        self._lease_s = lease_s
        self._stop = stop
        self._renewed_at = time.monotonic()

    def on_progress(self) -> None:
        """Called after every pack."""
        self._stop.check()
        now = time.monotonic()
        if now - self._renewed_at < self._lease_s / 4:
            return
        self._renewed_at = now
        try:
            still_held = store.renew(self._db, self._held, self._lease_s)
        except (TransientError, ServiceError):
            _log.warning("lease not renewed; trying again", extra={"extractions": len(self._held)})
            return
        if not still_held:
            raise _NothingHeldError


def _finish(
    db: Database, results: Sequence[Finished], run: RunFacts
) -> tuple[int, list[tuple[int, int, DocumentError]]]:
    """How many were stored, and those that the database refuses: each alone, lest it take others along."""
    try:
        return len(_patiently(lambda: store.finish(db, results, run))), []
    except (TransientError, ServiceError, SettingsError):
        raise
    except NerqError as error:
        if len(results) == 1:
            return 0, [(results[0].id, results[0].attempt, DocumentError("not_stored", str(error)))]
    n_done = 0
    unstorable: list[tuple[int, int, DocumentError]] = []
    for one in results:
        n_stored, refused = _finish(db, [one], run)
        n_done += n_stored
        unstorable += refused
    return n_done, unstorable


def _fail(db: Database, id_: int, attempt: int, error: DocumentError) -> None:
    _patiently(lambda: store.fail(db, id_, attempt, error.code, error.detail))


def _give_back(db: Database, held: Sequence[tuple[int, int]]) -> None:
    try:
        store.give_back(db, held)
    except (TransientError, ServiceError, SettingsError):  # the lease will run out
        _log.warning("batch not given back; its lease will run out", extra={"extractions": len(held)})


def _results(read: Iterable[tuple[Claimed, Recognition]], seconds: float) -> list[Finished]:
    """Results to store; the time of the batch is shared out by pieces."""
    pairs = list(read)
    n_pieces = sum(found.n_pieces for _, found in pairs) or 1
    return [
        Finished(
            id=one.id,
            attempt=one.attempt,
            entities=[NewEntity(e.start, e.end, e.label, e.text, e.score) for e in found.entities],
            n_words=found.n_words,
            n_words_read=found.n_words_read,
            n_windows=found.n_windows,
            n_pieces=found.n_pieces,
            seconds=seconds * found.n_pieces / n_pieces,
        )
        for one, found in pairs
    ]


def _patiently(call: Callable[[], _T]) -> _T:
    """Call until the database is back, for a while: a server's restart throws no work away."""
    give_up_at = time.monotonic() + _PATIENCE_S
    pause_s = 0.1
    while True:
        try:
            return call()
        except (TransientError, ServiceError):
            if time.monotonic() + pause_s > give_up_at:
                raise
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 2.0)
