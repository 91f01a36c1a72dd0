"""Targets: any bytes as an annotated file are refused with nerq's own error, or read, written and read the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.target import Target
from worker.annotations import (
    AnnotatedDocument,
    AnnotatedFile,
    Format,
    Problem,
    read_annotations,
    write_annotations,
)
from worker.errors import InputError, NerqError

#: Between the text and the annotations of a pair of brat.
_BETWEEN = b"\n=====\n"


def _single(name: str) -> Callable[[bytes, Path], None]:
    def check(data: bytes, folder: Path) -> None:
        path = folder / name
        path.write_bytes(data)
        _check_file(path, folder)

    return check


def _brat(data: bytes, folder: Path) -> None:
    text, _, annotations = data.partition(_BETWEEN)
    (folder / "pair").mkdir(exist_ok=True)
    (folder / "pair" / "a.txt").write_bytes(text)
    (folder / "pair" / "a.ann").write_bytes(annotations)
    _check_file(folder / "pair", folder)


def _check_file(path: Path, folder: Path) -> None:
    problems: list[Problem] = []
    patient = read_annotations(path, on_problem=problems.append)
    try:
        strict = read_annotations(path)
    except NerqError:
        assert problems, "refused, though there is no problem"
    else:
        assert not problems, "read, though there are problems"
        assert strict == patient, "problems change what is read, though there are none"
    if patient.documents:
        _check_round_trip(patient, patient.format, folder)
        _check_round_trip(patient, "jsonl", folder)


def _check_round_trip(file: AnnotatedFile, form: Format, folder: Path) -> None:
    for document in file.documents:
        for span in document.spans:
            assert document.text[span.start : span.end].strip(), "an entity of nothing"
    path = folder / "again" / f"again{_SUFFIXES[form]}"
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir()
    try:
        write_annotations(file.documents, path, form)
    except InputError:
        assert form != "jsonl", "JSON Lines hold everything"
        return
    again = read_annotations(path)
    if form == file.format:
        assert again.documents == file.documents, "what was written is not what is read"
    else:
        assert list(map(_essence, again.documents)) == list(map(_essence, file.documents)), "not the same"


def _essence(document: AnnotatedDocument) -> tuple[object, ...]:
    return document.id, document.text, document.spans


_SUFFIXES: dict[Format, str] = {
    "conll": ".conll",
    "jsonl": ".jsonl",
    "doccano": ".jsonl",
    "label-studio": ".json",
    "brat": "",
}
_TEXT = "Ann 😀 met Bo\r\nof Acme."
_TASK = {
    "id": 7,
    "data": {"text": _TEXT},
    "annotations": [
        {
            "result": [
                {
                    "type": "labels",
                    "value": {"start": 11, "end": 13, "text": "Bo", "labels": ["PER", "X"]},
                },
                {"type": "labels", "value": {"start": 0, "end": 3, "labels": ["PER"]}},
                {"type": "relation", "from_id": "a"},
            ]
        }
    ],
}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


FORMAT_TARGETS = {
    "conll": Target(
        _single("a.conll"),
        (
            b"-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\nGerman JJ I-NP I-MISC\n\nPeter NNP B-PER\n",
            b"-DOCSTART- (a/b.txt)\n\nAnn\tB-PER\nLee\tI-PER\nof\tO\nAcme\tB-ORG\n\n-DOCSTART-\tO\n\nBo\tB-PER\n",
            b"\xef\xbb\xbfAnn B-PER\r\nLee E-PER\r\n\r\nBo S-PER\r\nL-X U-Y\r\n",
            "東京\tB-LOC\nNew\u00a0York\tB-LOC\n\u2028\tO\n\"\tO\n'\tO\ns\tO".encode(),
        ),
    ),
    "jsonl": Target(
        _single("a.jsonl"),
        (
            _json({"id": "a", "text": _TEXT, "entities": [[0, 3, "PER"], [10, 12, "PER"]]}),
            _json({"id": 3, "text": "Ann", "label": [[0, 3, "PER"]]}) + b"\n\n" + _json({"text": "", "label": []}),
            _json({"text": "Ann", "entities": [{"start_offset": 0, "end_offset": 3, "label": "X"}], "relations": [1]}),
            rb'{"text": "\ud800\u0000\ud83d\ude00 x", "spans": [{"start": 4, "end": 5, "label": "X"}], "text": "y"}',
            b'{"text": "a", "entities": [[0, 1e999, NaN], [-1, 0, ""], [0, 1, "a", 2]]}\n[]\n"x"\n{',
        ),
    ),
    "label-studio": Target(
        _single("a.json"),
        (
            _json([_TASK, {"data": {"text": "x"}, "predictions": [{"result": []}]}]),
            b"[\n" + _json(_TASK) + b",\n" + _json({"data": {"x": "y"}, "annotations": [{"was_cancelled": 1}]}) + b"]",
            _json({"data": {"text": "x"}, "annotations": [{"result": [{"type": "hypertextlabels"}, 3]}]}),
        ),
    ),
    "brat": Target(
        _brat,
        (
            _TEXT.encode() + _BETWEEN + b"T1\tPER 0 3\tAnn\nT2\tORG 16 20\tAcme\nR1\tworks Arg1:T1\n#1\tnote\n",
            _TEXT.encode() + _BETWEEN + b"T1\tPER 0 3;10 12\tAnn Bo\nT1\tPER 10 15\tBo  of\n* x\nE1\nA1\nN1\n",
            b"\xef\xbb\xbfAnn\xff" + _BETWEEN + b"\xff\xfeT1",
        ),
    ),
}  # fmt: skip
