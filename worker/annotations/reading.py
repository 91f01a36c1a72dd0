"""Read an annotated file in whichever format it is."""

from __future__ import annotations

import json
from pathlib import Path

from worker.annotations.annotated import AnnotatedFile
from worker.annotations.conll import read_conll
from worker.annotations.jsonl import read_jsonl
from worker.annotations.lines import read_lines
from worker.annotations.tags import SCHEMES
from worker.errors import InputError

_JSONL_SUFFIXES = frozenset({".jsonl", ".ndjson"})


def read_annotations(path: str | Path, scheme: str | None = None) -> AnnotatedFile:
    """Read CoNLL or JSONL, told apart by suffix and content; `scheme` forces that of a CoNLL file.

    Raises:
        NotFoundError: no such file.
        InputError: the file does not hold what its format asks for; the message names file and line.
    """
    path = Path(path)
    if path.suffix.lower() in _JSONL_SUFFIXES or _begins_with_record(path):
        return read_jsonl(path)
    for known in SCHEMES:
        if scheme is None or scheme.upper() == known or (known == "BIOES" and scheme.upper() == "BILOU"):
            return read_conll(path, None if scheme is None else known)
    raise InputError(f"unknown tagging scheme {scheme!r}; known are {', '.join(SCHEMES)}")


def _begins_with_record(path: Path) -> bool:
    first = next((line for _, line in read_lines(path) if line.strip()), "")
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False
