"""doccano: JSON Lines with `"label": [[start, end, label], ...]`, offsets in characters.

Projects with relations are exported as `"entities": [{"start_offset", "end_offset", "label"}, ...]`. Both are read by
`jsonl.py`, which knows the ways of the annotation tools.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from worker.annotations.annotated import AnnotatedDocument
from worker.annotations.lines import write_lines


def write_doccano(documents: Iterable[AnnotatedDocument], path: str | Path) -> None:
    """Write one line a document, as doccano imports them for sequence labelling. Word offsets are not kept."""
    write_lines(map(doccano_line, documents), Path(path))


def doccano_line(document: AnnotatedDocument) -> str:
    """The line of a document. The format has no place for scores; what else there is becomes metadata in doccano."""
    return json.dumps(_record(document), ensure_ascii=False)


def is_doccano(record: Mapping[str, Any]) -> bool:
    """Whether a record with entities was written by doccano."""
    entities = record.get("entities")
    if isinstance(entities, list):
        return bool(entities) and isinstance(entities[0], dict) and "start_offset" in entities[0]
    return isinstance(record.get("label"), list) or isinstance(record.get("labels"), list)


def _record(document: AnnotatedDocument) -> dict[str, Any]:
    label = [[span.start, span.end, span.label] for span in document.spans]
    record: dict[str, Any] = {"text": document.text, "label": label}
    if document.model is not None:
        record["model"] = document.model
    return record if document.id is None else {"id": document.id, **record}
