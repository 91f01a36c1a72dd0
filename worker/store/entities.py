"""Listing entities. Only those of done extractions are ever visible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, select, tuple_

from worker.errors import NotFoundError
from worker.store.answers import EntityQuery, EntityRow
from worker.store.database import Database
from worker.store.entity_conditions import first_source, found, page
from worker.store.page_of import page_of
from worker.store.schema import entity, extraction, source
from worker.store.streaming import stream

_PLACE = ("extraction_id", "start", "end", "label")
_SORTS = {"document": _PLACE, "text": ("name", "text"), "label": ("label",), "score": ("score",)}


def find_entities(db: Database, query: EntityQuery) -> Iterator[EntityRow]:
    """The entities of one extraction after the other, by start and end, unless another order is asked for.

    Extractions are in the order in which their documents were first submitted to their model. Streams: holds a
    connection meanwhile.

    Raises:
        NotFoundError: there is no entity `after` which to go on.
    """
    columns = [entity.c[name] for name in ("id", *_PLACE, "text", "name", "score")]
    matches = found(query, *columns, extraction.c.document_id, extraction.c.model_id)
    if query.after is not None:
        matches = matches.where(_is_after(db, query.after))
    if query.limit is not None or query.offset:
        matches = page(matches.order_by(*_order(query, entity.c)), query)
    for row in stream(db, _with_paths(matches, query)):
        yield EntityRow(*row)


def document_entities(db: Database, document_id: int, model_id: str | None = None) -> list[EntityRow]:
    """All entities of a document, found by one model or by any."""
    return list(find_entities(db, EntityQuery(document_ids=(document_id,), model_id=model_id)))


def _with_paths(matches: Select[Any], query: EntityQuery) -> Select[Any]:
    """The path is looked up outside, for those of the page alone."""
    listed = matches.subquery("listed")
    m, s = listed.c, source.c
    columns = (m.id, m.document_id, s.path, s.record, m.start, m.end, m.label, m.text, m.score, m.model_id)
    rows = select(*columns, page_of(s.page_starts, m.start), m.extraction_id)
    rows = rows.join_from(listed, source, s.id == first_source(query, m.document_id))
    return rows.order_by(*_order(query, m))


def _order(query: EntityQuery, columns: Any) -> list[ColumnElement[Any]]:
    """The order asked for, then the place; `columns` by name."""
    keys = [
        (name, key.startswith("-")) for key in (*query.sort, "document") for name in _SORTS[key.lstrip("-")]
    ]
    return [columns[name].desc() if is_descending else columns[name] for name, is_descending in keys]


def _is_after(db: Database, entity_id: int) -> ColumnElement[bool]:
    with db.read() as connection:
        place = connection.execute(
            select(*(entity.c[name] for name in _PLACE)).where(entity.c.id == entity_id)
        ).first()
    if place is None:
        raise NotFoundError(f"There is no entity {entity_id} any more; its document was read anew, perhaps.")
    return tuple_(*(entity.c[name] for name in _PLACE)) > tuple_(*place)
