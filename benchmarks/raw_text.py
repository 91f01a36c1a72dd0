"""Strict entity F1 on raw text: nerq against the transformers pipeline, same weights, same documents.

    python -m benchmarks.raw_text                                        the example documents
    python -m benchmarks.raw_text --gold dev.raw.jsonl --words dev.conll   your own, with and without gold words

Nothing is timed here; F1 does not depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.data import label_words
from training.scoring import Report, ScoredDocument, score_spans
from worker.annotations import AnnotatedDocument, Span, read_annotations
from worker.recognition import Checkpoint, Recognizer, open_recognizer
from worker.recognition.reading import Reading

EXAMPLES = Path(__file__).parent.parent / "examples" / "gold.jsonl"
Find = Callable[[Sequence[AnnotatedDocument]], list[list[Span]]]


def main() -> None:
    """Print a row for each way of reading each gold file."""
    options = _parse()
    checkpoint = Checkpoint.open(options.model)
    recognizer = open_recognizer(checkpoint, "fp32")
    rows: list[dict[str, Any]] = []
    for path in options.words:
        documents = read_annotations(path).documents
        rows.append(_row("nerq, words given", path, _score(documents, _with_words(recognizer))))
        _print(rows[-1], options.json)
    for path in options.gold:
        documents = read_annotations(path).documents
        ways: list[tuple[str, Find]] = [("nerq", _with_nerq(recognizer))]
        ways += [
            (f"transformers pipeline, {strategy}", _with_pipeline(checkpoint, strategy))
            for strategy in options.strategies.split(",")
        ]
        for name, find in ways:
            rows.append(_row(name, path, _score(documents, find)))
            _print(rows[-1], options.json)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="general", help="bundled name, folder or hub id")
    parser.add_argument("--gold", nargs="*", type=Path, default=[EXAMPLES], help="texts with spans, JSONL")
    parser.add_argument("--words", nargs="*", type=Path, default=[], help="words with tags, CoNLL")
    parser.add_argument("--strategies", default="first,simple", help="aggregation strategies of the pipeline")
    parser.add_argument("--json", action="store_true", help="a JSON object a row")
    return parser.parse_args()


def _score(documents: Sequence[AnnotatedDocument], find: Find) -> Report:
    found = find(documents)
    return score_spans(
        ScoredDocument(document.text, document.spans, spans)
        for document, spans in zip(documents, found, strict=True)
    )


def _with_nerq(recognizer: Recognizer) -> Find:
    def find(documents: Sequence[AnnotatedDocument]) -> list[list[Span]]:
        found = recognizer.recognize([document.text for document in documents])
        return [[Span(e.start, e.end, e.label) for e in one.entities] for one in found]

    return find


def _with_words(recognizer: Recognizer) -> Find:
    def find(documents: Sequence[AnnotatedDocument]) -> list[list[Span]]:
        checkpoint = recognizer.checkpoint
        labelled = [label_words(d, checkpoint.word_rule, checkpoint.labels.names) for d in documents]
        readings = [Reading.of_words(d.text, d.words, d.sentences, checkpoint) for d in labelled]
        found = recognizer.recognize_readings(readings)
        return [[Span(e.start, e.end, e.label) for e in one.entities] for one in found]

    return find


def _with_pipeline(checkpoint: Checkpoint, strategy: str) -> Find:
    from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(checkpoint.folder)
    model = AutoModelForTokenClassification.from_pretrained(checkpoint.folder, dtype="float32")
    peer = pipeline(
        "token-classification", model, tokenizer=tokenizer, aggregation_strategy=strategy, stride=128
    )

    def find(documents: Sequence[AnnotatedDocument]) -> list[list[Span]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = [peer(document.text) if document.text.strip() else [] for document in documents]
        return [
            _disjoint([span for e in one if (span := _trimmed(document.text, e))])
            for document, one in zip(documents, found, strict=True)
        ]

    return find


def _trimmed(text: str, found: dict[str, Any]) -> Span | None:
    """The pipeline's span without the white space at its edges, which some tokenizers count in."""
    start, end = found["start"], found["end"]
    end -= len(text[start:end]) - len(text[start:end].rstrip())
    start += len(text[start:end]) - len(text[start:end].lstrip())
    return Span(start, end, found["entity_group"]) if start < end else None


def _disjoint(spans: Sequence[Span]) -> list[Span]:
    """The pipeline's spans in order; should two overlap, the first is kept, since a scorer takes no overlaps."""
    kept: list[Span] = []
    for span in sorted(spans):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _row(name: str, path: Path, report: Report) -> dict[str, Any]:
    figures = np.round([100 * report.precision, 100 * report.recall, 100 * report.f1], 2).tolist()
    return {"how": name, "data": path.name, **dict(zip(("precision", "recall", "f1"), figures, strict=True))}


def _print(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(row))
    else:
        print(
            f"{row['how']:32} {row['data']:24} P {row['precision']:5.2f}  R {row['recall']:5.2f}  F1 {row['f1']:5.2f}"
        )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
