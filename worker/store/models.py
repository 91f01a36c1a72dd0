"""The models that jobs have named."""

from __future__ import annotations

from sqlalchemy import func, select

from worker.store.answers import ModelRow
from worker.store.database import AnyRow, Database
from worker.store.rows import ExtractionStatus, ModelFacts
from worker.store.schema import extraction, model


def list_models(db: Database) -> list[ModelRow]:
    """Every model, by name and then id."""
    done = (
        select(extraction.c.model_id, func.count().label("n_done"))
        .where(extraction.c.status == ExtractionStatus.DONE)
        .group_by(extraction.c.model_id)
        .subquery("done")
    )
    query = select(model, func.coalesce(done.c.n_done, 0).label("n_done"))
    query = query.outerjoin(done, done.c.model_id == model.c.id).order_by(model.c.name, model.c.id)
    with db.read() as connection:
        return [_model(row) for row in connection.execute(query)]


def to_facts(row: AnyRow) -> ModelFacts:
    """The value of a row of the table."""
    return ModelFacts(row.id, row.name, row.path, tuple(row.labels), row.details)


def _model(row: AnyRow) -> ModelRow:
    return ModelRow(row.id, row.name, row.path, tuple(row.labels), row.details, row.created_at, row.n_done)
