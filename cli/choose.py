"""A model named on the command line -> its row in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from worker.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from worker.store import Database, ModelRow

#: Characters of a model's id that people are shown; its beginning is enough to name it.
SHORT_ID = 12


def find_model(database: Database, ref: str) -> ModelRow:
    """The model of that name, path or beginning of an id.

    Raises:
        NotFoundError: no job used such a model.
        InputError: several models answer to it.
    """
    from worker import store

    models = store.list_models(database)
    matches = [model for model in models if ref in (model.name, model.path) or model.id.startswith(ref)]
    if not matches:
        raise NotFoundError(f"No job has used a model {ref!r}; `nerq models` lists those that were used.")
    if len(matches) > 1:
        raise InputError(f"Several models answer to {ref!r}; name one by its id: {', '.join(ids(matches))}")
    return matches[0]


def ids(models: Sequence[ModelRow]) -> list[str]:
    """Models the way a person tells them apart: `3fa91c0d2b7e (general)`."""
    return [f"{model.id[:SHORT_ID]} ({model.name})" for model in models]
