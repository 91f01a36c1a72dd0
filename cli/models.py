"""`nerq models`: the models that are bundled or were used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from cli.choose import SHORT_ID
from cli.options import json_lines
from cli.quantity import count
from cli.render import Column, render_rows
from cli.session import opened_database, read_settings, sqlite_path

if TYPE_CHECKING:
    from worker.settings import Settings

COLUMNS = (
    Column("name", cut="left"),
    Column("id", shown=lambda value: value[:SHORT_ID]),
    Column("bundled", shown=lambda value: "yes" if value else ""),
    Column("n_documents", "documents", right=True, shown=count),
    Column("labels", shown=", ".join, cut="right"),
    Column("path", cut="left"),
)


@click.command("models")
@json_lines
def command(as_json: bool) -> None:
    """List the models that are bundled or were used.

    \b
    Examples:
      nerq models
      nerq models --json | jq .labels

    DOCUMENTS counts those that a model has read. `nerq submit --model` takes a bundled name, a folder
    (`nerq train` makes one) or the id of a model on the Hugging Face hub.
    """
    rows = _rows(read_settings())
    render_rows(rows, COLUMNS, "jsonl" if as_json else "table", "No model is bundled and none was used.")


def _rows(settings: Settings) -> Iterator[dict[str, Any]]:
    """One row a model: those of the database, then the bundled ones that it does not know."""
    bundled = {model["id"]: model for model in _bundled()}
    path = sqlite_path(settings)
    if path is None or path.exists():
        for model in _used(settings):
            yield {**model, "bundled": bundled.pop(model["id"], None) is not None}
    yield from bundled.values()


def _used(settings: Settings) -> Iterator[dict[str, Any]]:
    from worker import store

    with opened_database(settings) as database:
        for model in store.list_models(database):
            yield {
                "name": model.name,
                "id": model.id,
                "n_documents": model.n_done,
                "labels": entity_labels(model.labels),
                "path": model.path,
            }


def _bundled() -> Iterator[dict[str, Any]]:
    from worker.recognition import Checkpoint, bundled_models

    for name in bundled_models():
        checkpoint = Checkpoint.open(name)
        yield {
            "name": name,
            "id": checkpoint.id,
            "bundled": True,
            "n_documents": 0,
            "labels": list(checkpoint.labels.types),
            "path": str(checkpoint.folder),
        }


def entity_labels(tags: tuple[str, ...]) -> list[str]:
    """The labels of entities behind BIO tags: ("O", "B-PER", "I-PER") -> ["PER"]."""
    return sorted({tag.split("-", 1)[-1] for tag in tags if tag != "O"})
