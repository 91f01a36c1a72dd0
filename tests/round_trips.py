"""Annotated documents -> stored entities -> a file of `nerq export` -> the same entities."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.samples import RUN, claimed, new_document, result
from tests.services import needed
from worker import store
from worker.annotations import AnnotatedDocument, read_annotations
from worker.annotations.units import units_before
from worker.store import Database, ModelFacts, NewEntity, NewSource

#: start, end, label, text.
Entity = tuple[int, int, str, str]
FORMATS = ("jsonl", "csv", "parquet", "conll", "brat", "doccano", "label-studio", "spacy")


def store_documents(db: Database, documents: Sequence[AnnotatedDocument]) -> int:
    """A job that has read them and found what they are annotated with; its number."""
    labels = sorted({span.label for document in documents for span in document.spans})
    model = ModelFacts("d" * 64, "gold", "/models/gold", ("O", *(f"B-{label}" for label in labels)))
    job_id = store.create_job(db, None, model, {})
    sources = [NewSource(str(d.id or i), document=new_document(d.text)) for i, d in enumerate(documents)]
    store.add_sources(db, job_id, sources)
    store.close_job(db, job_id, {})
    spans = {document.text: document.spans for document in documents}
    results = [
        result(
            one, [NewEntity(s.start, s.end, s.label, one.text[s.start : s.end], 0.9) for s in spans[one.text]]
        )
        for one in claimed(db)
    ]
    store.finish(db, results, RUN)
    return job_id


def entities_of(documents: Sequence[AnnotatedDocument]) -> Counter[tuple[Entity, ...]]:
    """The entities of each text, whatever the documents are called."""
    return Counter(
        tuple((s.start, s.end, s.label, d.text[s.start : s.end]) for s in d.spans) for d in documents
    )


def squeezed(entities: Counter[tuple[Entity, ...]]) -> Counter[tuple[tuple[str, str], ...]]:
    """What is left of them in a format of words: labels, and names without white space."""
    left: Counter[tuple[tuple[str, str], ...]] = Counter()
    for some, n in entities.items():
        left[tuple((label, "".join(text.split())) for _, _, label, text in some)] += n
    return left


def read_back(form: str, path: Path, n_documents: int) -> Counter[tuple[Entity, ...]]:
    """The entities of each document in the file."""
    if form in ("jsonl", "conll", "brat", "doccano", "label-studio"):
        return entities_of(read_annotations(path).documents)
    read = {"csv": _csv, "parquet": _parquet, "spacy": _spacy}[form]
    found = Counter(read(path))
    if form == "csv":  # has no line for a document without entities
        found[()] += n_documents - found.total()
    return +found


def _csv(path: Path) -> Iterator[tuple[Entity, ...]]:
    by_document: dict[str, list[Entity]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            entity = (int(row["start"]), int(row["end"]), row["label"], row["text"])
            by_document.setdefault(row["document_id"], []).append(entity)
    return map(tuple, by_document.values())


def _parquet(path: Path) -> Iterator[tuple[Entity, ...]]:
    for row in needed("pyarrow.parquet").read_table(path).to_pylist():
        yield tuple((e["start"], e["end"], e["label"], e["text"]) for e in row["entities"])


def _spacy(path: Path) -> Iterator[tuple[Entity, ...]]:
    docs = needed("spacy.tokens").DocBin(store_user_data=True).from_disk(path)
    for doc in docs.get_docs(needed("spacy.vocab").Vocab()):
        yield tuple((e.start_char, e.end_char, e.label_, e.text) for e in doc.ents)


def in_unit(row: dict[str, Any], unit: Any) -> list[str]:
    """What the entities of a row of JSON Lines cover, by their offsets in the unit."""
    character = {n: i for i, n in enumerate(units_before(row["text"], unit))}
    return [row["text"][character[e["start"]] : character[e["end"]]] for e in row["entities"]]


def json_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
