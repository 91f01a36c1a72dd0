"""The unit of work in a worker's hands: claimed, renewed, finished, failed, given back.

Every change to a running extraction names the attempt that makes it, and does nothing once another attempt
has begun or the extraction was cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from worker.store.bulk import insert_rows
from worker.store.chunks import chunks
from worker.store.clock import now
from worker.store.database import AnyRow, Database
from worker.store.losses import take_from_dead
from worker.store.models import to_facts
from worker.store.names import fold_name
from worker.store.rows import Claimed, ClaimedBatch, ExtractionStatus, Finished, RunFacts
from worker.store.schema import document, entity, extraction, model
from worker.store.transitions import RETURNED, failed
from worker.text import storable

_ENTITY_COLUMNS = ("extraction_id", "start", "end", "label", "text", "name", "score")


def claim(
    db: Database,
    ids: Sequence[int],
    worker: str,
    lease_s: float,
    max_losses: int = 3,
    *,
    is_repeated: bool = False,
) -> ClaimedBatch | None:
    """Reserve those of a message's extractions that wait, each for a new attempt; None if there are none.

    One whose lease ran out counts as lost first (see `reclaim`). Those that are to be tried alone are taken
    only when the message names nothing else. With `is_repeated` the worker's own claims count as waiting: the
    answer to an earlier call was lost, though perhaps not the claim.
    """
    with db.write() as connection:
        if is_repeated:
            is_its = (extraction.c.status == ExtractionStatus.RUNNING) & (extraction.c.worker == worker)
            connection.execute(update(extraction).where(extraction.c.id.in_(ids), is_its).values(RETURNED))
        expired = extraction.c.id.in_(ids) & (extraction.c.lease_until < now())
        take_from_dead(connection, expired, max_losses)
        rows = _waiting(connection, ids)
        if not rows:
            return None
        claimed = [row.id for row in rows]
        connection.execute(
            update(extraction)
            .where(extraction.c.id.in_(claimed))
            .values(
                status=ExtractionStatus.RUNNING,
                attempt=extraction.c.attempt + 1,
                worker=worker,
                lease_until=now() + lease_s,
                claimed_with=len(claimed),
                started_at=now(),
            )
        )
        facts = connection.execute(select(model).where(model.c.id == rows[0].model_id)).one()
        return ClaimedBatch(to_facts(facts), _with_texts(connection, claimed))


def renew(db: Database, held: Sequence[tuple[int, int]], lease_s: float) -> set[int]:
    """Extend the leases of (id, attempt) pairs; the ids that are still held."""
    with db.write() as connection:
        ids = _still_held(connection, held)
        _update(connection, ids, {"lease_until": now() + lease_s})
    return set(ids)


def finish(db: Database, results: Sequence[Finished], run: RunFacts) -> set[int]:
    """Store the entities and the end of each attempt that still holds, in one transaction; their ids.

    Entities of an earlier reading of the same extraction are replaced.
    """
    with db.write() as connection:
        held = set(_still_held(connection, [(r.id, r.attempt) for r in results]))
        kept = [r for r in results if r.id in held]
        for some in chunks(kept):
            connection.execute(delete(entity).where(entity.c.extraction_id.in_([r.id for r in some])))
        insert_rows(connection, entity, _ENTITY_COLUMNS, (row for r in kept for row in _entity_rows(r)))
        if kept:
            done = update(extraction).where(extraction.c.id == bindparam("extraction_id"))
            connection.execute(
                done.values(status=ExtractionStatus.DONE, finished_at=now(), lease_until=None),
                [_result_row(r, run) for r in kept],
            )
    return held


def fail(db: Database, id: int, attempt: int, code: str, detail: str) -> bool:  # noqa: A002 - the column's name
    """Give up on an extraction for a reason; False if the attempt no longer holds."""
    with db.write() as connection:
        ids = _still_held(connection, [(id, attempt)])
        _update(connection, ids, failed(code, storable(detail)))
    return bool(ids)


def give_back(db: Database, held: Sequence[tuple[int, int]]) -> None:
    """Put (id, attempt) pairs back into the queue, to be announced again; it costs them nothing."""
    with db.write() as connection:
        _update(connection, _still_held(connection, held), RETURNED)


def refuse(db: Database, held: Sequence[tuple[int, int]], reason: str, max_refusals: int = 3) -> None:
    """Put back what cannot be read here because the model cannot be opened; the last refusal fails it."""
    with db.write() as connection:
        ids = _still_held(connection, held)
        _update(connection, ids, {**RETURNED, "refusals": extraction.c.refusals + 1})
        for some in chunks(ids):
            is_last = extraction.c.id.in_(some) & (extraction.c.refusals >= max_refusals)
            connection.execute(
                update(extraction).where(is_last).values(failed("model_unavailable", storable(reason)))
            )


def _waiting(connection: Connection, ids: Sequence[int]) -> Sequence[AnyRow]:
    """The queued ones of the first one's model, locked in id order so that no two claims block each other."""
    query = select(extraction.c.id, extraction.c.model_id, extraction.c.alone)
    query = query.where(extraction.c.id.in_(ids), extraction.c.status == ExtractionStatus.QUEUED)
    rows = connection.execute(query.order_by(extraction.c.id).with_for_update()).all()
    if len(set(ids)) > 1:
        rows = [row for row in rows if not row.alone]
    return [row for row in rows if row.model_id == rows[0].model_id]


def _with_texts(connection: Connection, ids: Sequence[int]) -> tuple[Claimed, ...]:
    query = (
        select(extraction.c.id, extraction.c.attempt, document.c.text)
        .join(document, document.c.id == extraction.c.document_id)
        .where(extraction.c.id.in_(ids))
        .order_by(extraction.c.id)
    )
    return tuple(Claimed(row.id, row.attempt, row.text) for row in connection.execute(query))


def _still_held(connection: Connection, held: Sequence[tuple[int, int]]) -> list[int]:
    """The ids whose attempt still runs, locked in id order until the transaction ends."""
    attempts = dict(held)
    ids: list[int] = []
    for some in chunks(sorted(attempts)):
        query = select(extraction.c.id, extraction.c.attempt)
        query = query.where(extraction.c.id.in_(some), extraction.c.status == ExtractionStatus.RUNNING)
        rows = connection.execute(query.order_by(extraction.c.id).with_for_update())
        ids.extend(row.id for row in rows if row.attempt == attempts[row.id])
    return ids


def _update(connection: Connection, ids: Sequence[int], values: dict[str, Any]) -> None:
    for some in chunks(ids):
        connection.execute(update(extraction).where(extraction.c.id.in_(some)).values(values))


def _entity_rows(result: Finished) -> Iterator[tuple[object, ...]]:
    for e in result.entities:
        yield (result.id, e.start, e.end, e.label, e.text, fold_name(e.text), e.score)


def _result_row(result: Finished, run: RunFacts) -> dict[str, Any]:
    return {
        "extraction_id": result.id,
        "n_words": result.n_words,
        "n_words_read": result.n_words_read,
        "n_windows": result.n_windows,
        "n_pieces": result.n_pieces,
        "n_entities": len(result.entities),
        "seconds": result.seconds,
        "worker": run.worker,
        "engine": run.engine,
        "precision": run.precision,
        "nerq_version": run.nerq_version,
    }
