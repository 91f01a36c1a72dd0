"""`nerq show`: a document with its entities marked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli import output
from cli.marking import colours_of, marked, painted
from cli.options import json_object
from cli.pager import is_longer_than_screen, write_paged
from cli.quantity import count, iso_time
from cli.render import render_one
from cli.session import stored
from cli.visible import visible
from worker.errors import InputError

if TYPE_CHECKING:
    from worker.store import Database, DocumentRow, EntityRow, ReadingRow


@click.command("show")
@click.argument("document", metavar="DOCUMENT")
@click.option("--model", metavar="MODEL", help="What this model found: its name or the start of its id.")
@click.option("--no-pager", is_flag=True, help="Do not hand a long text to $PAGER or less.")
@json_object
def command(document: str, model: str | None, no_pager: bool, as_json: bool) -> None:
    """Show a document with its entities marked.

    \b
    Examples:
      nerq show contracts/lease.txt     by path
      nerq show lease.txt               by a unique end of its path
      nerq show letters.csv#17          a record of a table
      nerq show 12 --json               by its id, for machines
      nerq show lease.pdf --no-pager    without $PAGER or less

    In a terminal entities are coloured, and a text that is longer than the screen is handed to $PAGER, or to less;
    elsewhere, and with NO_COLOR, they are written [text](LABEL). Where a page begins, a line says so. Control
    characters of the document are shown as escapes.
    """
    from worker import store

    with stored() as database:
        row = store.find_document(database, document)
        entities = _entities_of_one_model(database, row, model)
        page_starts = store.document_pages(database, [row.id]).get(row.id)
        if as_json:
            render_one(_answer(row, entities, _reading(database, row, entities, model), page_starts))
        else:
            _print_marked(row, entities, page_starts or (), uses_pager=not no_pager)


def _entities_of_one_model(database: Database, row: DocumentRow, ref: str | None) -> list[EntityRow]:
    from cli.choose import find_model, ids
    from worker import store

    model_id = find_model(database, ref).id if ref else None
    entities = store.document_entities(database, row.id, model_id)
    found = {entity.model_id for entity in entities}
    if len(found) > 1:
        models = [model for model in store.list_models(database) if model.id in found]
        raise InputError(
            f"Several models have read this document; name one with --model: {', '.join(ids(models))}"
        )
    return entities


def _reading(
    database: Database, row: DocumentRow, entities: Sequence[EntityRow], ref: str | None
) -> ReadingRow | None:
    """What made these entities; if there are none, the only reading there is, if any."""
    from cli.choose import find_model
    from worker import store

    model_id = entities[0].model_id if entities else find_model(database, ref).id if ref else None
    readings = store.document_readings(database, row.id)
    found = [reading for reading in readings if model_id in (None, reading.model_id)]
    return found[0] if len(found) == 1 else None


def _answer(
    row: DocumentRow,
    entities: Sequence[EntityRow],
    reading: ReadingRow | None,
    page_starts: Sequence[int] | None,
) -> dict[str, object]:
    keys = ("start", "end", "label", "text", "score")
    return {
        "document_id": row.id,
        "sha256": row.sha256,
        "paths": list(row.paths),
        "text": row.text,
        "page_starts": page_starts,
        "model_id": reading.model_id if reading else None,
        "reading": {**asdict(reading), "finished_at": iso_time(reading.finished_at)} if reading else None,
        "entities": [
            {key: value for key, value in asdict(entity).items() if key in keys} for entity in entities
        ],
    }


def _print_marked(
    row: DocumentRow, entities: Sequence[EntityRow], page_starts: Sequence[int], uses_pager: bool
) -> None:
    colours = colours_of(entities) if output.uses_colour(sys.stdout) else {}
    text = "".join(marked(row.text, entities, page_starts, colours))
    if text and not text.endswith("\n"):
        text += "\n"
    _print_legend(row, entities, colours)
    if uses_pager and output.is_terminal() and output.reads_terminal() and is_longer_than_screen(text):
        write_paged(text)
        return
    output.write(text)
    output.finish()


def _print_legend(row: DocumentRow, entities: Sequence[EntityRow], colours: dict[str, str]) -> None:
    """What is shown, on standard error: the marked text alone is the answer."""
    output.say(f"Document {row.id}: {visible(', '.join(row.paths))}")
    counts = {
        label: sum(entity.label == label for entity in entities)
        for label in sorted({e.label for e in entities})
    }
    legend = [
        f"{painted(label, colours[label]) if colours else visible(label)} {n:,}"
        for label, n in counts.items()
    ]
    output.say_styled(
        f"{count(len(entities), 'entity', 'entities')}{': ' if legend else ''}{'  '.join(legend)}\n"
    )
