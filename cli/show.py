"""`nerq show`: a document with its entities marked."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli import output
from cli.options import json_object
from cli.quantity import count, iso_time
from cli.render import render_one
from cli.session import stored
from cli.visible import visible
from worker.errors import InputError

if TYPE_CHECKING:
    from worker.store import Database, DocumentRow, EntityRow, ReadingRow

#: Colours of labels in the order of the alphabet; they read on dark and on light terminals.
_COLOURS = ("bright_red", "green", "yellow", "bright_blue", "magenta", "cyan", "red", "bright_green")
#: A carriage return that ends a line together with a line feed is part of the line's end and needs no escape.
_LINE_END = "\r\n"


@click.command("show")
@click.argument("document", metavar="DOCUMENT")
@click.option("--model", metavar="MODEL", help="What this model found: its name or the start of its id.")
@json_object
def command(document: str, model: str | None, as_json: bool) -> None:
    """Show a document with its entities marked.

    \b
    Examples:
      nerq show contracts/lease.txt     by path
      nerq show lease.txt               by a unique end of its path
      nerq show 12 --json               by its id, for machines
      nerq show lease.txt | less

    In a terminal entities are coloured; elsewhere, and with NO_COLOR, they are written [text](LABEL). Control
    characters of the document are shown as escapes.
    """
    from worker import store

    with stored() as database:
        row = store.find_document(database, document)
        entities = _entities_of_one_model(database, row, model)
        if as_json:
            render_one(_answer(row, entities, _reading(database, row, entities, model)))
        else:
            _print_marked(row, entities)


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


def _answer(row: DocumentRow, entities: Sequence[EntityRow], reading: ReadingRow | None) -> dict[str, object]:
    keys = ("start", "end", "label", "text", "score")
    return {
        "document_id": row.id,
        "sha256": row.sha256,
        "paths": list(row.paths),
        "text": row.text,
        "model_id": reading.model_id if reading else None,
        "reading": {**asdict(reading), "finished_at": iso_time(reading.finished_at)} if reading else None,
        "entities": [
            {key: value for key, value in asdict(entity).items() if key in keys} for entity in entities
        ],
    }


def _print_marked(row: DocumentRow, entities: Sequence[EntityRow]) -> None:
    labels = sorted({entity.label for entity in entities})
    colours = dict(zip(labels, _COLOURS * (len(labels) // len(_COLOURS) + 1), strict=False))
    if not output.uses_colour(sys.stdout):
        colours = {}
    _print_legend(row, entities, colours)
    for part in _marked(row.text, entities, colours):
        output.write(part)
    if row.text and not row.text.endswith("\n"):
        output.write("\n")
    output.finish()


def _print_legend(row: DocumentRow, entities: Sequence[EntityRow], colours: dict[str, str]) -> None:
    """What is shown, on standard error: the marked text alone is the answer."""
    output.say(f"Document {row.id}: {visible(', '.join(row.paths))}")
    counts = {
        label: sum(entity.label == label for entity in entities)
        for label in sorted({e.label for e in entities})
    }
    legend = [
        f"{_painted(label, colours[label]) if colours else visible(label)} {n:,}"
        for label, n in counts.items()
    ]
    output.say_styled(
        f"{count(len(entities), 'entity', 'entities')}{': ' if legend else ''}{'  '.join(legend)}\n"
    )


def _marked(text: str, entities: Sequence[EntityRow], colours: dict[str, str]) -> Iterator[str]:
    """The text in parts, each entity marked; one that begins inside another is left to the first."""
    position = 0
    for entity in sorted(entities, key=lambda entity: (entity.start, -entity.end)):
        if entity.start < position:
            continue
        yield _plain(text[position : entity.start])
        surface = _plain(text[entity.start : entity.end])
        if colours:
            yield _painted(surface, colours[entity.label])
        else:
            yield f"[{surface}]({visible(entity.label)})"
        position = entity.end
    yield _plain(text[position:])


def _painted(text: str, colour: str) -> str:
    return click.style(text, fg=colour, bold=True, underline=True)


def _plain(text: str) -> str:
    """The text without anything a terminal would obey but line ends and tabs."""
    return visible(text.replace(_LINE_END, "\n"), keep="\n\t")
