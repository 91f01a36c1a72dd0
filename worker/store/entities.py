"""Queries for entities. Only those of done extractions are ever visible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, null, select

from worker.store.answers import CountRow, EntityQuery, EntityRow
from worker.store.database import Database
from worker.store.names import fold_name
from worker.store.rows import ExtractionStatus
from worker.store.schema import entity, extraction, job, source
from worker.store.streaming import stream
from worker.text import storable


def find_entities(db: Database, query: EntityQuery) -> Iterator[EntityRow]:
    """The entities of one extraction after the other, by start and end. Streams: holds a connection meanwhile.

    Extractions are in the order in which their documents were first submitted to their model.
    """
    e, x = entity.c, extraction.c
    order = ("extraction_id", "start", "end", "label")
    columns = (e.id, e.extraction_id, x.document_id, e.start, e.end, e.label, e.text, e.score, x.model_id)
    matches = _found(query, *columns)
    if query.limit is not None or query.offset:
        matches = _page(matches.order_by(*(e[name] for name in order)), query)
    # The path is looked up outside, for those of the page alone.
    found = matches.subquery("found")
    m, path = found.c, source.c
    rows = (
        select(
            m.id, m.document_id, path.path, path.record, m.start, m.end, m.label, m.text, m.score, m.model_id
        )
        .join_from(found, source, path.id == _first_source(query, m.document_id))
        .order_by(*(m[name] for name in order))
    )
    for row in stream(db, rows):
        yield EntityRow(*row)


def count_entities(
    db: Database, query: EntityQuery, by: Literal["label", "text", "document"]
) -> Iterator[CountRow]:
    """How many entities each label, folded name or document has, the most frequent first, then by key."""
    counted = {"label": _by_label, "text": _by_name, "document": _by_document}[by](query)
    for row in stream(db, _page(counted, query)):
        yield CountRow(row.key, int(row.n), row.text, row.document_id)


def document_entities(db: Database, document_id: int, model_id: str | None = None) -> list[EntityRow]:
    """All entities of a document, found by one model or by any."""
    return list(find_entities(db, EntityQuery(document_id=document_id, model_id=model_id)))


def _by_label(query: EntityQuery) -> Select[Any]:
    n = func.count().label("n")
    columns = (entity.c.label.label("key"), n, _nothing("text"), _nothing("document_id"))
    return _found(query, *columns).group_by(entity.c.label).order_by(n.desc(), entity.c.label)


def _by_name(query: EntityQuery) -> Select[Any]:
    spellings = (
        _found(query, entity.c.name, entity.c.text, func.count().label("n"))
        .group_by(entity.c.name, entity.c.text)
        .subquery("spellings")
    )
    by_frequency = (spellings.c.n.desc(), spellings.c.text)
    ranked = select(
        spellings.c.name.label("key"),
        func.sum(spellings.c.n).over(partition_by=spellings.c.name).label("n"),
        spellings.c.text,
        func.row_number().over(partition_by=spellings.c.name, order_by=by_frequency).label("rank"),
    ).subquery("ranked")
    columns = (ranked.c.key, ranked.c.n, ranked.c.text, _nothing("document_id"))
    return select(*columns).where(ranked.c.rank == 1).order_by(ranked.c.n.desc(), ranked.c.key)


def _by_document(query: EntityQuery) -> Select[Any]:
    counted = (
        _found(query, extraction.c.document_id, func.count().label("n"))
        .group_by(extraction.c.document_id)
        .subquery("counted")
    )
    columns = (source.c.path.label("key"), counted.c.n, _nothing("text"), counted.c.document_id)
    first = _first_source(query, counted.c.document_id)
    by_frequency = (counted.c.n.desc(), source.c.path, counted.c.document_id)
    return select(*columns).join_from(counted, source, source.c.id == first).order_by(*by_frequency)


def _nothing(name: str) -> Any:
    return null().label(name)


def _found(query: EntityQuery, *columns: Any) -> Select[Any]:
    joined = entity.join(extraction, extraction.c.id == entity.c.extraction_id)
    return select(*columns).select_from(joined).where(*_conditions(query))


def _conditions(query: EntityQuery) -> list[ColumnElement[bool]]:
    conditions = [extraction.c.status == ExtractionStatus.DONE]
    if query.job_id is not None:
        its_model = select(job.c.model_id).where(job.c.id == query.job_id).scalar_subquery()
        its_documents = select(source.c.document_id).where(
            source.c.job_id == query.job_id, source.c.document_id.is_not(None)
        )
        conditions += [extraction.c.model_id == its_model, extraction.c.document_id.in_(its_documents)]
    if query.document_id is not None:
        conditions.append(extraction.c.document_id == query.document_id)
    if query.model_id is not None:
        conditions.append(extraction.c.model_id == query.model_id)
    if query.min_score is not None:
        conditions.append(entity.c.score >= query.min_score)
    return conditions + _wordings(query)


def _wordings(query: EntityQuery) -> list[ColumnElement[bool]]:
    """What label and text must be. A person may ask for what is not storable: it stands there as it was stored."""
    conditions: list[ColumnElement[bool]] = []
    labels = [storable(label) for label in query.labels]
    if len(labels) == 1:
        # Equality, since then the index gives the entities in the order wanted.
        conditions.append(entity.c.label == labels[0])
    elif labels:
        conditions.append(entity.c.label.in_(labels))
    if query.text is not None:
        text = storable(query.text)
        # The name is indexed, the text is not.
        conditions += [entity.c.name == fold_name(text), entity.c.text == text]
    if query.like is not None:
        conditions.append(entity.c.name.contains(fold_name(storable(query.like)), autoescape=True))
    return conditions


def _first_source(query: EntityQuery, document_id: ColumnElement[int]) -> ScalarSelect[Any]:
    """The id of the document's first source, in the queried job if there is one."""
    its = source.alias("its")
    first = select(func.min(its.c.id)).where(its.c.document_id == document_id)
    if query.job_id is not None:
        first = first.where(its.c.job_id == query.job_id)
    return first.scalar_subquery()


def _page(statement: Select[Any], query: EntityQuery) -> Select[Any]:
    if query.limit is not None:
        statement = statement.limit(query.limit)
    return statement.offset(query.offset) if query.offset else statement
