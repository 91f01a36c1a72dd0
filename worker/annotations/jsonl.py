"""JSON Lines: one document a line, `{"id", "text", "entities": [[start, end, label], ...]}`.

Read as well: entities as objects with `start`, `end` (or `start_offset`, `end_offset`) and `label`, and the
list of them under `spans`, `label` or `labels`, as annotation tools write it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from worker.annotations.annotated import AnnotatedDocument, AnnotatedFile, Span
from worker.annotations.lines import read_lines, write_lines
from worker.errors import InputError
from worker.text import storable

_ENTITY_FIELDS = ("entities", "spans", "label", "labels")


def read_jsonl(path: Path) -> AnnotatedFile:
    """Read an annotated JSONL file.

    Raises:
        InputError: a line is no such record, or its entities are out of range or overlap; the line is named.
    """
    documents = []
    for number, line in read_lines(path):
        if line.strip():
            try:
                documents.append(_document(json.loads(line)))
            except json.JSONDecodeError as error:
                raise InputError(f"{path}:{number}: not JSON ({error.msg}, column {error.colno})") from error
            except (ValueError, RecursionError) as error:
                raise InputError(f"{path}:{number}: {error}") from error
    if not documents:
        raise InputError(f"{path}: the file is empty")
    return AnnotatedFile(path, "jsonl", None, tuple(documents), has_document_marks=True)


def write_jsonl(documents: Iterable[AnnotatedDocument], path: str | Path) -> None:
    """Write one line a document. Word offsets are not kept."""
    write_lines((json.dumps(_record(document), ensure_ascii=False) for document in documents), Path(path))


def _record(document: AnnotatedDocument) -> dict[str, Any]:
    entities = [[span.start, span.end, span.label] for span in document.spans]
    record: dict[str, Any] = {"text": document.text, "entities": entities}
    return record if document.id is None else {"id": document.id, **record}


def _document(record: object) -> AnnotatedDocument:
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - bad data, not a wrong argument
    text, name = record.get("text"), record.get("id")
    if not isinstance(text, str):
        raise ValueError("no text")  # noqa: TRY004
    if name is not None and not isinstance(name, str | int):
        raise ValueError("the id is neither a string nor a number")
    field = next((f for f in _ENTITY_FIELDS if isinstance(record.get(f), list)), None)
    if field is None:
        raise ValueError('no list of entities: "entities": [[start, end, label], ...]')
    spans = sorted(_span(item) for item in record[field])
    return AnnotatedDocument(
        None if name is None else storable(str(name)), storable(text), None, tuple(spans), has_text=True
    )


def _span(item: object) -> Span:
    if isinstance(item, Mapping):
        start, end = item.get("start", item.get("start_offset")), item.get("end", item.get("end_offset"))
        label = item.get("label")
    elif isinstance(item, list) and len(item) >= 3:
        start, end, label = item[:3]
    else:
        raise ValueError("an entity is neither [start, end, label] nor an object")
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        raise ValueError("an entity needs whole numbers as start and end, and a label")
    return Span(start, end, storable(label))
