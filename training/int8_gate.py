"""What 8 bits cost a model: F1 on gold in fp32 and in int8, each as a job would read it."""

from __future__ import annotations

from collections.abc import Iterator

import openvino

from training.gold import Gold
from training.scoring import ScoredDocument, score_spans
from worker.annotations import AnnotatedDocument, Span
from worker.recognition import Checkpoint, Recognizer
from worker.recognition.engine import Engine
from worker.recognition.engine_openvino import choose_precision, open_int8_engine, open_openvino_engine
from worker.recognition.int8 import Verdict

_DOCUMENTS_AT_ONCE = 64


def measure_int8(checkpoint: Checkpoint, gold: Gold, threads: int | None) -> Verdict:
    """The verdict, which is not kept yet.

    Raises:
        ModelError: the weights cannot be opened, or the network cannot be put into 8 bits.
    """
    fine = open_openvino_engine(checkpoint, "fp32", threads)
    coarse = open_int8_engine(checkpoint, threads)
    scores = [score_spans(_read(checkpoint, engine, gold.documents)).f1 for engine in (fine, coarse)]
    return Verdict(
        checkpoint.id,
        openvino.__version__,
        choose_precision("auto")[0],
        gold.sha256s,
        sum(len(document.spans) for document in gold.documents),
        *(100 * score for score in scores),
    )


def _read(
    checkpoint: Checkpoint, engine: Engine, documents: tuple[AnnotatedDocument, ...]
) -> Iterator[ScoredDocument]:
    recognizer = Recognizer(checkpoint, engine)
    for first in range(0, len(documents), _DOCUMENTS_AT_ONCE):
        some = documents[first : first + _DOCUMENTS_AT_ONCE]
        found = recognizer.recognize([document.text for document in some])
        for document, one in zip(some, found, strict=True):
            spans = [Span(e.start, e.end, e.label) for e in one.entities]
            yield ScoredDocument(document.text, document.spans, spans)
