"""Records: which field holds the text, which the id, and what is kept of the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from worker.documents.options import ReadOptions
from worker.errors import DocumentError
from worker.text import storable

#: What the text is called in tables that do not call it `text`.
_TEXT_NAMES = frozenset(
    "body content contents note notes note_text document doc_text message msg comment comments description "
    "abstract article full_text raw_text letter report transcript review".split()
)
_ID_NAMES = frozenset(
    "key uid uuid guid doc_id docid document_id note_id record_id row_id text_id message_id".split()
)
_MAX_NAME_CHARS, _NAMES_SHOWN = 40, 20
#: Fields may be nested this deep; what is deeper is an attack on whoever reads it later.
_MAX_DEPTH = 64


def choose_columns(columns: Sequence[str], options: ReadOptions) -> tuple[str, str | None]:
    """The columns of a table with the text and with the id (None: none), as they are written there.

    Raises:
        DocumentError: `missing_text`, or `bad_table` for one whose columns cannot be told apart.
    """
    repeated = {column for column in columns if columns.count(column) > 1}
    text = _chosen(columns, options.text_field, "text", _TEXT_NAMES)
    if text is None and options.text_field is None and len(columns) == 1:
        text = columns[0]
    if text is None:
        wanted = (
            f"no column {options.text_field!r}"
            if options.text_field
            else "it is not clear which column holds the text"
        )
        raise DocumentError("missing_text", f"{wanted}; {_there_are(columns)}; name one with --text-field")
    if options.id_field is not None and options.id_field not in columns:
        raise DocumentError(
            "bad_table", f"no column {options.id_field!r} (--id-field); {_there_are(columns)}"
        )
    name = _chosen([c for c in columns if c != text], options.id_field, "id", _ID_NAMES)
    if repeated & {text, name}:
        raise DocumentError("bad_table", "two columns have the name of the one with the text or with the id")
    return text, name


def _chosen(columns: Sequence[str], given: str | None, usual: str, others: frozenset[str]) -> str | None:
    """The given one; else the usual one; else the only one with one of the other names."""
    if given is not None:
        return given if given in columns else None
    for candidates in ({usual}, others):
        found = [column for column in columns if column.strip().lower() in candidates]
        if usual in found:
            return usual
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _there_are(columns: Sequence[str]) -> str:
    """The names of columns, unless they look like a first row of text: that belongs into no message."""
    if not all(column.isprintable() and len(column) <= _MAX_NAME_CHARS for column in columns):
        return "the first row holds no names of columns"
    more = f" and {len(columns) - _NAMES_SHOWN} more" if len(columns) > _NAMES_SHOWN else ""
    return f"there are {', '.join(map(repr, columns[:_NAMES_SHOWN]))}{more}"


def record_name(value: object, number: int) -> str:
    """A record is named by its id, or by its number."""
    if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
        return storable(str(value))
    return str(number)


def as_metadata(fields: Sequence[tuple[str, object]]) -> dict[str, Any] | None:
    """Fields as JSON has them; None without any. Of several with one name the last is kept, as JSON readers do.

    Raises:
        DocumentError: `bad_json` if they are nested too deep.
    """
    return {storable(key): _value(value, _MAX_DEPTH) for key, value in fields} or None


def _value(value: Any, depth: int) -> Any:
    if not depth:
        raise DocumentError("bad_json", "a number too long or a nesting too deep")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON has no such numbers
    if isinstance(value, dict):
        return {storable(str(key)): _value(item, depth - 1) for key, item in value.items()}
    if isinstance(value, tuple):  # an object of JSON as its fields stand
        return {storable(key): _value(item, depth - 1) for key, item in value}
    if isinstance(value, list):
        return [_value(item, depth - 1) for item in value]
    return storable(str(value))  # a date, a decimal, bytes of a table
