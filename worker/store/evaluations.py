"""Scores against gold that are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, fields
from itertools import islice

from sqlalchemy import delete, func, insert, or_, select

from worker.errors import NotFoundError
from worker.store.answers import GoldFile, NewEvaluation, StoredEvaluation
from worker.store.clock import now
from worker.store.database import AnyRow, Database
from worker.store.schema import evaluation
from worker.store.streaming import stream
from worker.text import storable

#: Fields that have the name of their column and are stored as they are.
_SAME = [field.name for field in fields(NewEvaluation) if field.name != "gold"]


def add_evaluation(db: Database, values: NewEvaluation) -> int:
    """Keep an evaluation; its id."""
    row = {name: getattr(values, name) for name in _SAME}
    row |= {
        "created_at": now(),
        "model_name": storable(values.model_name),
        "gold": [{**asdict(file), "path": storable(file.path)} for file in values.gold],
        "settings": dict(values.settings),
        "figures": dict(values.figures),
    }
    with db.write() as connection:
        return int(connection.execute(insert(evaluation).values(row).returning(evaluation.c.id)).scalar_one())


def find_evaluation(db: Database, evaluation_id: int) -> StoredEvaluation:
    """The evaluation of that id. Raises NotFoundError."""
    with db.read() as connection:
        row = connection.execute(select(evaluation).where(evaluation.c.id == evaluation_id)).first()
    if row is None:
        raise NotFoundError(_unknown(evaluation_id))
    return _stored(row)


def delete_evaluations(db: Database, evaluation_ids: Collection[int]) -> None:
    """Forget these evaluations: all of them or, where one is unknown, none.

    Raises:
        NotFoundError: there is no evaluation of one of these ids.
    """
    these = delete(evaluation).where(evaluation.c.id.in_(evaluation_ids)).returning(evaluation.c.id)
    with db.write() as connection:
        found = set(connection.execute(these).scalars())
        if unknown := sorted(set(evaluation_ids) - found):
            raise NotFoundError(_unknown(*unknown))


def list_evaluations(
    db: Database, *, model: str | None = None, gold: str | None = None, limit: int | None = None
) -> Iterator[StoredEvaluation]:
    """The evaluations, newest first. Streams: holds a connection until exhausted.

    Args:
        db: the open database.
        model: only of the model of this name or beginning of an id.
        gold: only against this file: its path, an end of the path in whole names, or the beginning of its sha-256.
        limit: at most this many.
    """
    query = select(evaluation).order_by(evaluation.c.id.desc())
    if model is not None:
        model = storable(model)
        begins_so = func.substr(evaluation.c.model_id, 1, len(model)) == model
        query = query.where(or_(evaluation.c.model_name == model, begins_so))
    found = (_stored(row) for row in stream(db, query))
    return islice((one for one in found if gold is None or _is_against(one, storable(gold))), limit)


def _is_against(one: StoredEvaluation, gold: str) -> bool:
    end = "/" + gold.removeprefix("./").lstrip("/")
    return any(
        file.path == gold or f"/{file.path}".endswith(end) or file.sha256.startswith(gold)
        for file in one.values.gold
    )


def _unknown(*evaluation_ids: int) -> str:
    return f"There is no evaluation {', '.join(map(str, evaluation_ids))}; see `nerq evaluations`."


def _stored(row: AnyRow) -> StoredEvaluation:
    values = {name: getattr(row, name) for name in _SAME}
    gold = tuple(GoldFile(**file) for file in row.gold)
    return StoredEvaluation(row.id, row.created_at, NewEvaluation(gold=gold, **values))
