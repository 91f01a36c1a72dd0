"""Counting entities. Only those of done extractions are ever visible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    cast,
    func,
    literal,
    select,
    union_all,
)

from worker.store.answers import CountKey, CountRow, EntityQuery
from worker.store.database import Database
from worker.store.entity_conditions import first_source, found, page
from worker.store.schema import IS_LONG, IS_SHORT, entity, extraction, job, model, source
from worker.store.streaming import stream

#: More than there will ever be of one spelling; taking the number of them from it gives 12 digits.
_MANY = literal(10**12 - 1, BigInteger)
_DIGITS = 12


def count_entities(db: Database, query: EntityQuery, by: Sequence[CountKey]) -> Iterator[CountRow]:
    """How many entities there are of each text, label, ..., the most frequent first, then in the order of `by`.

    Names that differ in case, spaces or line breaks only are one. An entity counts for each job that asked for it.
    """
    statement = page(_with_names(query, by), query)
    names = [column.name for column in statement.selected_columns]
    for row in stream(db, statement, is_heavy=True):
        yield CountRow(**dict(zip(names, row, strict=True)))


def _with_names(query: EntityQuery, by: Sequence[CountKey]) -> Select[Any]:
    """The groups with what people call them, in order."""
    groups = _counted(query, by).subquery("counted")
    columns: list[ColumnElement[Any]] = list(groups.c)
    tables: FromClause = groups
    order: dict[CountKey, list[ColumnElement[Any]]] = {}
    if "text" in by:
        order["text"] = [groups.c.name]
    if "label" in by:
        order["label"] = [groups.c.label]
    if "document" in by:
        columns.append(source.c.path)
        tables = tables.join(source, source.c.id == first_source(query, groups.c.document_id))
        order["document"] = [source.c.path, groups.c.document_id]
    if "job" in by:
        columns.append(job.c.name.label("job"))
        tables = tables.join(job, job.c.id == groups.c.job_id)
        order["job"] = [groups.c.job_id]
    if "model" in by:
        columns.append(model.c.name.label("model"))
        tables = tables.join(model, model.c.id == groups.c.model_id)
        order["model"] = [model.c.name, groups.c.model_id]
    keys = [column for key in by for column in order[key]]
    return select(*columns).select_from(tables).order_by(groups.c.n.desc(), *keys)


def _counted(query: EntityQuery, by: Sequence[CountKey]) -> Select[Any]:
    n = func.count().label("n")
    asked = _asked(query)
    column: dict[CountKey, ColumnElement[Any]] = {
        "text": entity.c.name,
        "label": entity.c.label,
        "document": extraction.c.document_id,
        "job": asked.c.job_id,
        "model": extraction.c.model_id,
    }
    keys = [column[key] for key in by]
    needs_extraction = bool({"document", "job", "model"} & set(by))

    def groups(*columns: Any) -> Select[Any]:
        matches = found(query, *columns, n, with_extraction=needs_extraction).group_by(*columns)
        return (
            matches.join(asked, asked.c.extraction_id == entity.c.extraction_id) if "job" in by else matches
        )

    if "text" not in by:
        return groups(*keys)
    spellings = union_all(
        groups(*keys, entity.c.text).where(IS_SHORT), groups(*keys, entity.c.text).where(IS_LONG)
    ).subquery("spellings")
    s = spellings.c
    # The least of these is that of the most frequent spelling, the first of them where several are; a window would
    # say the same at twice the cost.
    ranked = func.min(cast(_MANY - s.n, Text) + s.text)
    names = [s[key.name] for key in keys]
    total = cast(func.sum(s.n), BigInteger).label("n")
    return select(*names, total, func.substr(ranked, _DIGITS + 1).label("text")).group_by(*names)


def _asked(query: EntityQuery) -> FromClause:
    """Which job has asked for which extraction, once each."""
    x = extraction.alias("asked_for")
    asked = (
        select(source.c.job_id, x.c.id.label("extraction_id"))
        .distinct()
        .select_from(source)
        .join(job, job.c.id == source.c.job_id)
        .join(x, (x.c.document_id == source.c.document_id) & (x.c.model_id == job.c.model_id))
    )
    if query.job_ids:
        asked = asked.where(source.c.job_id.in_(query.job_ids))
    return asked.subquery("asked")
