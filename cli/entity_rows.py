"""What a row of `nerq entities` shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cli.quantity import count
from cli.render import Column, Row, with_record

if TYPE_CHECKING:
    from cli.surroundings import Surroundings
    from worker.store import CountKey, CountRow, EntityRow


def _score(value: float) -> str:
    return f"{value:.3f}"


_ENTITY = (
    Column("id", in_table=False),
    Column("document_id", "document", right=True),
    Column("path", joined=with_record, cut="left"),
    Column("record", in_table=False),
    Column("page", in_table=False),
    Column("start", right=True),
    Column("end", right=True),
    Column("label"),
    Column("text", cut="right"),
    Column("score", right=True, shown=_score),
    Column("model_id", in_table=False),
)
_BEFORE, _AFTER = Column("before", right=True, cut="left"), Column("after", cut="right")
_N = Column("n", right=True, shown=count)
_COUNTED: dict[CountKey, tuple[Column, ...]] = {
    "text": (Column("text", cut="right"), Column("name", in_table=False)),
    "label": (Column("label"),),
    "document": (Column("document_id", "document", right=True), Column("path", cut="left")),
    "job": (Column("job_id", "job", right=True), Column("job", "name", cut="right")),
    "model": (Column("model_id", in_table=False), Column("model")),
}


def entity_columns(context: int | None) -> tuple[Column, ...]:
    """Those of a list of entities, with the text around them or without."""
    if context is None:
        return _ENTITY
    names = [column.key for column in _ENTITY]
    place = names.index("text")
    return (*_ENTITY[:place], _BEFORE, _ENTITY[place], _AFTER, *_ENTITY[place + 1 :])


def entity_rows(found: Iterator[EntityRow], surroundings: Surroundings, context: int | None) -> Iterator[Row]:
    """The values of these columns."""
    keys = [column.key for column in _ENTITY]
    for row in found:
        values = {key: getattr(row, key) for key in keys}
        if context is not None:
            values["before"], values["after"] = surroundings.context(row, context)
        yield values


def count_columns(by: Sequence[CountKey]) -> tuple[Column, ...]:
    """Those of a list of counts."""
    return (_N, *(column for key in by for column in _COUNTED[key]))


def count_rows(counts: Iterator[CountRow], by: Sequence[CountKey]) -> Iterator[Row]:
    """The values of these columns."""
    keys = [column.key for column in count_columns(by)]
    for row in counts:
        yield {key: getattr(row, key) for key in keys}
