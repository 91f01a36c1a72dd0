"""How much a model gains from a handful of annotated documents: fine-tune it, leaving one document out at a time.

    python -m benchmarks.adapt --gold loans.conll --output FOLDER
    python -m benchmarks.adapt --gold notes.jsonl --base general --epochs 10 --seeds 1 2 3 --output FOLDER

Each document is scored by a model that was trained on the others and chose its epoch and window by one of these, so
that the document had no part in it. Strict F1 of all documents together, read in fp32, on the words of the gold file
where it has words. F1 does not depend on the machine; nothing is timed here.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.data import label_words
from training.options import TrainOptions
from training.scoring import Report, ScoredDocument, score_spans
from training.train import train
from worker.annotations import AnnotatedDocument, Format, Span, read_annotations, write_annotations
from worker.recognition import Checkpoint, open_recognizer
from worker.recognition.reading import Reading


def main() -> None:
    """Print the score of the base as it is, then that of the fine-tuned models, for each seed."""
    arguments = _parse()
    documents = read_annotations(arguments.gold).documents
    if len(documents) < 3:
        raise SystemExit("Three documents are the least: one to score, one to choose by, one to train on.")
    _print("as it is", _read(arguments.base, documents), arguments.json)
    reports = []
    for seed in arguments.seeds:
        after = [_leave_out(arguments, documents, i, seed) for i in range(len(documents))]
        reports.append(_print(f"fine-tuned, seed {seed}", after, arguments.json))
    if len(reports) > 1 and not arguments.json:
        f1 = [100 * report.f1 for report in reports]
        print(f"fine-tuned, mean of {len(f1)} seeds: {np.mean(f1):.2f} ± {np.std(f1, ddof=1):.2f}")


def _leave_out(
    arguments: argparse.Namespace, documents: Sequence[AnnotatedDocument], left_out: int, seed: int
) -> ScoredDocument:
    """The left-out document, read by a model that never saw it; the one after it chooses epoch and window."""
    folder: Path = arguments.output / f"without-{left_out}-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chooser = (left_out + 1) % len(documents)
    others = [document for i, document in enumerate(documents) if i not in (left_out, chooser)]
    options = TrainOptions(
        train=(_write(others, folder / "train"),),
        dev=_write([documents[chooser]], folder / "dev"),
        base=arguments.base,
        output=folder / "model",
        epochs=arguments.epochs,
        learning_rate=arguments.learning_rate,
        seed=seed,
        threads=arguments.threads,
    )
    train(options)
    (scored,) = _read(str(options.output), [documents[left_out]])
    shutil.rmtree(folder)
    return scored


def _write(documents: Sequence[AnnotatedDocument], path: Path) -> Path:
    form: Format = "jsonl" if documents[0].has_text else "conll"
    path = path.with_suffix(f".{form}")
    write_annotations(documents, path, form)
    return path


def _read(model: str, documents: Sequence[AnnotatedDocument]) -> list[ScoredDocument]:
    checkpoint = Checkpoint.open(model)
    own = [label_words(document, checkpoint.word_rule, checkpoint.labels.names) for document in documents]
    readings = [Reading.of_words(d.text, d.words, d.sentences, checkpoint) for d in own]
    found = open_recognizer(checkpoint, "fp32").recognize_readings(readings)
    return [
        ScoredDocument(document.text, document.spans, [Span(e.start, e.end, e.label) for e in one.entities])
        for document, one in zip(documents, found, strict=True)
    ]


def _print(name: str, documents: Sequence[ScoredDocument], as_json: bool) -> Report:
    report = score_spans(documents)
    row: dict[str, Any] = {"how": name, **report.as_dict()}
    row["documents"] = [round(100 * score_spans([document]).f1, 2) for document in documents]
    if as_json:
        print(json.dumps(row), flush=True)
    else:
        labels = "  ".join(f"{label} {100 * score.f1:.2f}" for label, score in report.per_label.items())
        by_document = " ".join(f"{f1:.2f}" for f1 in row["documents"])
        print(
            f"{name:20} P {100 * report.precision:5.2f}  R {100 * report.recall:5.2f}  F1 {100 * report.f1:5.2f}  "
            f"({labels}; by document {by_document})",
            flush=True,
        )
    return report


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gold", type=Path, required=True, help="annotated documents, three or more")
    parser.add_argument("--base", default="general", help="bundled name, folder or hub id")
    parser.add_argument("--output", type=Path, required=True, help="folder for the models in the making")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--learning-rate", type=float, help="as in nerq train")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--json", action="store_true", help="a JSON object a row")
    return parser.parse_args()


if __name__ == "__main__":
    main()
