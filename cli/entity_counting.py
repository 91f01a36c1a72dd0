"""Counting entities that SQL alone cannot choose: one after the other. Memory grows with the number of groups."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from worker.store import CountKey, CountRow, Database, EntityRow


def count_listed(db: Database, rows: Iterable[EntityRow], by: Sequence[CountKey]) -> Iterator[CountRow]:
    """The counts of `store.count_entities`, of these rows; not by job."""
    from worker import store

    spellings: defaultdict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for row in rows:
        spellings[tuple(_value(row, key) for key in by)][row.text] += 1
    models = {model.id: model.name for model in store.list_models(db)}
    counts = [_counted(by, values, spelled, models) for values, spelled in spellings.items()]
    counts.sort(key=lambda row: (-row.n, *(_order(row, key) for key in by)))
    return iter(counts)


def _value(row: EntityRow, key: CountKey) -> Any:
    from worker.store import fold_name

    if key == "text":
        return fold_name(row.text)
    if key == "document":
        return row.document_id, row.path
    return row.label if key == "label" else row.model_id


def _counted(
    by: Sequence[CountKey], values: tuple[Any, ...], spelled: Counter[str], models: dict[str, str]
) -> CountRow:
    from worker.store import CountRow

    fields: dict[str, Any] = {}
    for key, value in zip(by, values, strict=True):
        if key == "text":
            fields |= {"name": value, "text": min(spelled, key=lambda text: (-spelled[text], text))}
        elif key == "document":
            fields |= {"document_id": value[0], "path": value[1]}
        elif key == "model":
            fields |= {"model_id": value, "model": models[value]}
        else:
            fields["label"] = value
    return CountRow(spelled.total(), **fields)


def _order(row: CountRow, key: CountKey) -> Any:
    orders = {
        "text": row.name,
        "label": row.label,
        "document": (row.path, row.document_id),
        "model": (row.model, row.model_id),
    }
    return orders[key]
