"""The formats that are text: lines, one document after another, so that memory does not grow with the job."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from worker.annotations import AnnotatedDocument, Span
from worker.annotations.conll import conll_lines
from worker.annotations.doccano import doccano_line
from worker.annotations.label_studio import label_studio_lines
from worker.annotations.units import Unit, units_before
from worker.errors import DocumentError
from worker.export.csv_rows import csv_lines
from worker.export.selection import Tally, source_name
from worker.export.words import Words, cut_words
from worker.pages import find_page
from worker.recognition.words import WordRule
from worker.store import JobDocument

Stream = Literal["jsonl", "csv", "conll", "doccano", "label-studio"]
STREAMS: tuple[Stream, ...] = get_args(Stream)


@dataclass(frozen=True, slots=True)
class Source:
    """The model whose entities go out, and how it cuts words."""

    model_id: str
    model_name: str
    word_rule: WordRule

    @property
    def title(self) -> str:
        """`general 3fa91c0d2b7e`."""
        return f"{self.model_name} {self.model_id[:12]}"


@dataclass(frozen=True, slots=True)
class Style:
    """What can be chosen about a format: what offsets count, and for csv whether a spreadsheet is to open it."""

    offsets: Unit = "codepoints"
    is_excel_safe: bool = False
    has_bom: bool = False


def stream_lines(
    form: Stream, documents: Iterable[JobDocument], tally: Tally, source: Source, style: Style
) -> Iterator[str]:
    """The lines of the whole file, without their ends; what went out is counted in `tally`."""
    if form == "csv":
        return _csv(documents, tally, source, style)
    if form == "label-studio":
        annotated = tally.converted(documents, lambda document: annotate(document, source))
        return label_studio_lines(annotated)
    convert: Callable[[JobDocument], list[str]] = {
        "jsonl": lambda document: [_json(record(document, source, style.offsets))],
        "doccano": lambda document: [doccano_line(annotate(document, source))],
        "conll": lambda document: _conll(document, tally, source),
    }[form]
    return (line for lines in tally.converted(documents, convert) for line in lines)


def annotate(document: JobDocument, source: Source, words: Words | None = None) -> AnnotatedDocument:
    """The document as the formats of annotation tools have it.

    Raises:
        DocumentError: entities overlap, or begin or end with white space; those of nerq's own reading never do.
    """
    spans = tuple(Span(e.start, e.end, e.label, e.score) for e in document.entities)
    name = source_name(document.path, document.record)
    sentences = words.sentences if words else None
    try:
        return AnnotatedDocument(name, document.text, sentences, spans, has_text=True, model=source.title)
    except ValueError as error:
        raise DocumentError("unwritable", str(error)) from error


def record(document: JobDocument, source: Source, unit: Unit) -> dict[str, Any]:
    """All that is known of the document and its entities; the names of the fields are those of the database."""
    return {
        "id": source_name(document.path, document.record),
        "document_id": document.document_id,
        "path": document.path,
        "record": document.record,
        "sha256": document.sha256,
        "model": source.model_name,
        "model_id": source.model_id,
        "offsets": unit,
        "text": document.text,
        "page_starts": _page_starts(document, unit),
        "entities": list(entity_fields(document, unit)),
    }


def _page_starts(document: JobDocument, unit: Unit) -> list[int] | None:
    if document.page_starts is None:
        return None
    before = units_before(document.text, unit)
    return [before[start] for start in document.page_starts]


def entity_fields(document: JobDocument, unit: Unit) -> Iterator[dict[str, Any]]:
    """Each entity with offsets in these units."""
    before = units_before(document.text, unit)
    for e in document.entities:
        yield {
            "start": before[e.start],
            "end": before[e.end],
            "label": e.label,
            "text": e.text,
            "score": e.score,
            "page": find_page(e.start, document.page_starts),
        }


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _conll(document: JobDocument, tally: Tally, source: Source) -> list[str]:
    words = cut_words(document.text, document.entities, source.word_rule)
    lines = list(conll_lines(annotate(document, source, words)))
    tally.n_cut_words += words.n_cut
    return lines


def _csv(documents: Iterable[JobDocument], tally: Tally, source: Source, style: Style) -> Iterator[str]:
    """A line an entity. What its offsets count is said by the names of the columns."""
    start, end = {
        "codepoints": ("start", "end"),
        "utf16": ("start_utf16", "end_utf16"),
        "bytes": ("start_byte", "end_byte"),
    }[style.offsets]
    keys = (
        "document_id",
        "path",
        "record",
        start,
        end,
        "label",
        "text",
        "score",
        "model",
        "model_id",
        "page",
    )

    def rows(document: JobDocument) -> Iterator[dict[str, Any]]:
        known = {key: getattr(document, key) for key in keys[:3]}
        model = {"model": source.model_name, "model_id": source.model_id}
        for fields in entity_fields(document, style.offsets):
            yield {**known, **fields, start: fields["start"], end: fields["end"], **model}

    every = (row for some in tally.converted(documents, rows) for row in some)
    lines = csv_lines(every, keys, style.is_excel_safe)
    yield ("\ufeff" if style.has_bom else "") + next(lines)
    yield from lines
