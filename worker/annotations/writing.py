"""Write annotated documents in a format by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from worker.annotations.annotated import AnnotatedDocument, Format
from worker.annotations.brat import write_brat
from worker.annotations.conll import write_conll
from worker.annotations.doccano import write_doccano
from worker.annotations.jsonl import write_jsonl
from worker.annotations.label_studio import write_label_studio

_WRITERS: dict[Format, Callable[[Iterable[AnnotatedDocument], str | Path], None]] = {
    "conll": write_conll,
    "jsonl": write_jsonl,
    "brat": write_brat,
    "doccano": write_doccano,
    "label-studio": write_label_studio,
}


def write_annotations(documents: Iterable[AnnotatedDocument], path: str | Path, form: Format) -> None:
    """Write all documents or nothing; brat is a folder, the others are a file.

    Raises:
        InputError: the format cannot hold a document, or the path cannot be written.
    """
    _WRITERS[form](documents, path)
