"""JSON Lines: one document a line, `{"id", "text", "entities": [[start, end, label], ...]}`.

Read as well: entities as objects with `start`, `end` (or `start_offset`, `end_offset`) and `label`, and the
list of them under `spans`, `label` or `labels`, as annotation tools write it. Offsets count characters, but where
`"offsets"` says "utf16" or "bytes".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from worker.annotations.annotated import AnnotatedDocument, AnnotatedFile, Format
from worker.annotations.doccano import is_doccano
from worker.annotations.fitting import Placed, fit_spans, make_span
from worker.annotations.lines import read_lines, write_lines
from worker.annotations.problems import OnProblem, Place, Problem, refuse
from worker.annotations.units import UNITS, units_before
from worker.text import storable

_ENTITY_FIELDS = ("entities", "spans", "label", "labels")
#: What doccano exports beside entities.
_SKIPPED_FIELDS = {
    "relations": "relations skipped",
    "Comments": "comments skipped",
    "comments": "comments skipped",
}


def read_jsonl(path: Path, on_problem: OnProblem = refuse) -> AnnotatedFile:
    """Read an annotated JSONL file, nerq's own or doccano's.

    Raises:
        InputError: a line is no such record, or its entities are out of range or overlap; the line is named.
    """
    documents: list[AnnotatedDocument] = []
    remarks: Counter[str] = Counter()
    form: Format = "jsonl"
    for number, line in read_lines(path, on_problem):
        if line.strip():
            place = Place(path, number)
            record = _parse(line, place, on_problem)
            document = _document(record, place, on_problem) if record is not None else None
            if record is not None and document is not None:
                documents.append(document)
                form = "doccano" if is_doccano(record) else form
                remarks.update({_SKIPPED_FIELDS[key]: len(record[key]) for key in _skipped(record)})
    if not documents:
        on_problem(Problem("record", Place(path), "the file is empty: no line of it is a document"))
    return AnnotatedFile(path, form, None, tuple(documents), True, dict(remarks))


def write_jsonl(documents: Iterable[AnnotatedDocument], path: str | Path) -> None:
    """Write one line a document. Word offsets are not kept."""
    write_lines((json.dumps(_record(document), ensure_ascii=False) for document in documents), Path(path))


def _record(document: AnnotatedDocument) -> dict[str, Any]:
    entities = [[span.start, span.end, span.label] for span in document.spans]
    record: dict[str, Any] = {"text": document.text, "entities": entities}
    return record if document.id is None else {"id": document.id, **record}


def _skipped(record: Mapping[str, Any]) -> list[str]:
    return [key for key in _SKIPPED_FIELDS if isinstance(record.get(key), list) and record[key]]


def _parse(line: str, place: Place, on_problem: OnProblem) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        on_problem(Problem("record", place, f"not JSON ({error.msg}, column {error.colno})"))
        return None
    except (ValueError, RecursionError) as error:
        on_problem(Problem("record", place, str(error)))
        return None
    if not isinstance(record, dict):
        on_problem(Problem("record", place, "not a JSON object"))
        return None
    return record


def _document(record: Mapping[str, Any], place: Place, on_problem: OnProblem) -> AnnotatedDocument | None:
    text, name = record.get("text"), record.get("id")
    field = next((f for f in _ENTITY_FIELDS if isinstance(record.get(f), list)), None)
    message = ""
    if not isinstance(text, str):
        message = "no text"
    elif name is not None and not isinstance(name, str | int):
        message = "the id is neither a string nor a number"
    elif field is None:
        message = 'no list of entities: "entities": [[start, end, label], ...]'
    if message or field is None or not isinstance(text, str):
        on_problem(Problem("record", place, message))
        return None
    text = storable(text)
    character_at = _characters(record, text)
    found = (_span(item, character_at, place, on_problem) for item in record[field])
    spans = fit_spans(found, text, on_problem)
    return AnnotatedDocument(None if name is None else storable(str(name)), text, None, spans, has_text=True)


def _characters(record: Mapping[str, Any], text: str) -> Mapping[int, int] | None:
    """Offset -> character where offsets count something else; None where they count characters."""
    unit = next((unit for unit in UNITS if record.get("offsets") == unit), UNITS[0])
    return None if unit == UNITS[0] else {n: i for i, n in enumerate(units_before(text, unit))}


def _span(
    item: object, character_at: Mapping[int, int] | None, place: Place, on_problem: OnProblem
) -> Placed | None:
    if isinstance(item, Mapping):
        start, end = item.get("start", item.get("start_offset")), item.get("end", item.get("end_offset"))
        label = item.get("label")
    elif isinstance(item, list) and len(item) >= 3:
        start, end, label = item[:3]
    else:
        message = "an entity is neither [start, end, label] nor an object"
        on_problem(Problem("record", place, message))
        return None
    if character_at is not None and type(start) is int and type(end) is int:
        if start not in character_at or end not in character_at:
            message = f"[{start}, {end}) is outside the text or cuts a character in two"
            on_problem(Problem("offsets", place, message))
            return None
        start, end = character_at[start], character_at[end]
    return make_span(start, end, storable(label) if isinstance(label, str) else label, place, on_problem)
