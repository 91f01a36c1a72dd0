"""Read an annotated file in whichever format it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from worker.annotations.annotated import AnnotatedFile
from worker.annotations.brat import is_brat, read_brat
from worker.annotations.conll import read_conll
from worker.annotations.jsonl import read_jsonl
from worker.annotations.label_studio import read_label_studio
from worker.annotations.lines import read_lines
from worker.annotations.problems import OnProblem, refuse
from worker.annotations.tags import SCHEMES, Scheme
from worker.errors import InputError

_JSONL_SUFFIXES = frozenset({".jsonl", ".ndjson"})
#: The first line of a JSON array of objects; that of a CoNLL file may be a bracket and its tag.
_ARRAY = re.compile(r"\s*\[\s*(?:$|\]|\{\s*(?:$|[\"}]))")


def read_annotations(
    path: str | Path, scheme: str | None = None, on_problem: OnProblem = refuse
) -> AnnotatedFile:
    """Read CoNLL, JSONL, doccano's, Label Studio's or a brat folder, told apart by suffix and content.

    Args:
        path: of the file; a folder or an `.ann` is brat.
        scheme: forces the tagging scheme of a CoNLL file; None recognises it.
        on_problem: told of each problem, and what it concerns is left out; by default the first is an InputError.

    Raises:
        NotFoundError: no such file.
        InputError: the file does not hold what its format asks for (the message names file and line), or is a pipe.
    """
    path = Path(path)
    known_scheme = _known(scheme)
    if is_brat(path):
        return read_brat(path, on_problem)
    if path.exists() and not path.is_file():  # it is opened twice, and what was read of a pipe is gone
        raise InputError(f"{path} is a pipe or a device; give a file")
    first = next((line for _, line in read_lines(path, lambda _: None) if line.strip()), "")
    if path.suffix.lower() in _JSONL_SUFFIXES or _is_record(first):
        return read_jsonl(path, on_problem)
    if path.suffix.lower() == ".json" or _ARRAY.match(first):
        return read_label_studio(path, on_problem)
    return read_conll(path, known_scheme, on_problem)


def _known(scheme: str | None) -> Scheme | None:
    if scheme is None:
        return None
    name = "BIOES" if scheme.upper() == "BILOU" else scheme.upper()
    for known in SCHEMES:
        if name == known:
            return known
    raise InputError(f"unknown tagging scheme {scheme!r}; known are {', '.join(SCHEMES)}")


def _is_record(line: str) -> bool:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and "data" not in record
