"""Which entities a query means, as SQL. Only those of done extractions are ever meant."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select, tuple_

from worker.store.answers import EntityQuery
from worker.store.globs import glob_pattern
from worker.store.names import fold_name
from worker.store.rows import ExtractionStatus
from worker.store.schema import (
    IS_HIDDEN,
    IS_LONG,
    IS_SHORT,
    MAX_INDEXED_CHARS,
    entity,
    extraction,
    job,
    source,
)
from worker.store.unindexed import unindexed
from worker.text import storable


def found(query: EntityQuery, *columns: Any, with_extraction: bool = True) -> Select[Any]:
    """The columns of the entities; those of their extractions may be among them unless that is not asked for.

    Without extractions, and conditions on them, an index alone may answer.
    """
    if not (with_extraction or _is_of_extraction(query)):
        hidden = select(extraction.c.id).where(IS_HIDDEN)
        visible = entity.c.extraction_id.not_in(hidden)
        return select(*columns).select_from(entity).where(visible, *_of_entity(query))
    joined = entity.join(extraction, extraction.c.id == entity.c.extraction_id)
    is_done = extraction.c.status == ExtractionStatus.DONE
    return select(*columns).select_from(joined).where(is_done, *_of_extraction(query), *_of_entity(query))


def first_source(query: EntityQuery, document_id: ColumnElement[int]) -> ScalarSelect[Any]:
    """The id of the document's first source, in the queried jobs and under the queried paths if there are any."""
    its = source.alias("its")
    first = select(func.min(its.c.id)).where(its.c.document_id == document_id)
    if query.job_ids:
        first = first.where(its.c.job_id.in_(query.job_ids))
    if query.paths:
        first = first.where(or_(_is_at(its.c.path, query), its.c.document_id.in_(query.document_ids)))
    return first.scalar_subquery()


def page(statement: Select[Any], query: EntityQuery) -> Select[Any]:
    """The part of the answer that is asked for."""
    if query.limit is not None:
        statement = statement.limit(query.limit)
    return statement.offset(query.offset) if query.offset else statement


def _is_of_extraction(query: EntityQuery) -> bool:
    bounds = (query.model_id, query.since, query.until)
    return bool(query.job_ids or query.document_ids or query.paths) or any(b is not None for b in bounds)


def _of_extraction(query: EntityQuery) -> list[ColumnElement[bool]]:
    x = extraction.c
    conditions: list[ColumnElement[bool]] = []
    if query.job_ids:
        asked = select(source.c.document_id, job.c.model_id).join(job, job.c.id == source.c.job_id)
        asked = asked.where(source.c.job_id.in_(query.job_ids), source.c.document_id.is_not(None))
        conditions.append(tuple_(x.document_id, x.model_id).in_(asked))
    if query.document_ids or query.paths:
        conditions.append(_is_document(query))
    if query.model_id is not None:
        conditions.append(x.model_id == query.model_id)
    if query.since is not None:
        conditions.append(x.finished_at >= query.since)
    if query.until is not None:
        conditions.append(x.finished_at < query.until)
    return conditions


def _is_document(query: EntityQuery) -> ColumnElement[bool]:
    by_id = extraction.c.document_id.in_(query.document_ids)
    if not query.paths:
        return by_id
    at_path = select(source.c.document_id).where(
        source.c.document_id.is_not(None), _is_at(source.c.path, query)
    )
    if query.job_ids:
        at_path = at_path.where(source.c.job_id.in_(query.job_ids))
    by_path = extraction.c.document_id.in_(at_path)
    return or_(by_id, by_path) if query.document_ids else by_path


def _is_at(path: ColumnElement[str], query: EntityQuery) -> ColumnElement[bool]:
    return or_(*(path.regexp_match(glob_pattern(storable(glob))) for glob in query.paths))


def _of_entity(query: EntityQuery) -> list[ColumnElement[bool]]:
    conditions = _wordings(query)
    if query.min_score is not None:
        conditions.append(entity.c.score >= query.min_score)
    if query.beside:
        other = entity.alias("other")
        conditions.append(
            exists().where(
                other.c.extraction_id == entity.c.extraction_id,
                other.c.label.in_([storable(label) for label in query.beside]),
                other.c.id != entity.c.id,
            )
        )
    return conditions


def _wordings(query: EntityQuery) -> list[ColumnElement[bool]]:
    """What label and text must be. A person may ask for what is not storable: it stands there as it was stored."""
    conditions: list[ColumnElement[bool]] = []
    if query.labels:
        conditions.append(_has_label(query))
    if query.text is not None:
        conditions.append(_reads(storable(query.text)))
    if query.name is not None:
        # Each of the two has an index of its own.
        is_name = entity.c.name == fold_name(storable(query.name))
        conditions.append(or_(and_(is_name, IS_SHORT), and_(is_name, IS_LONG)))
    if query.like is not None:
        conditions.append(entity.c.name.contains(fold_name(storable(query.like)), autoescape=True))
    return conditions


def _has_label(query: EntityQuery) -> ColumnElement[bool]:
    labels = [storable(label) for label in query.labels]
    is_whole_job = bool(query.job_ids) and query.limit is None
    if len(labels) == 1 and not (is_whole_job or query.document_ids or query.paths):
        # Equality, since then the index gives the entities in the order wanted.
        return entity.c.label == labels[0]
    return unindexed(entity.c.label).in_(labels)


def _reads(text: str) -> ColumnElement[bool]:
    """Whether the text is exactly this; the names are indexed."""
    is_indexed = IS_SHORT if len(text) <= MAX_INDEXED_CHARS else IS_LONG
    return and_(is_indexed, entity.c.name == fold_name(text), entity.c.text == text)
