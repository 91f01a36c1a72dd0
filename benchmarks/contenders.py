"""What is compared: each contender reads texts and gives spans, and counts what its network computed meanwhile."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol

from worker.annotations import Span
from worker.recognition import Checkpoint, Recognizer
from worker.recognition.engines import open_engine

#: Overlap of the pipelines' windows, in pieces.
STRIDE: Final = 128
BATCH_SIZES: Final = (1, 8, 32)


@dataclass(slots=True)
class Work:
    """What a network did: pieces that it computed, padding and special pieces included, and its seconds."""

    n_pieces: int = 0
    seconds: float = 0.0

    @contextmanager
    def counted(self, n_pieces: int) -> Iterator[None]:
        """Count a call of the network."""
        started = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - started
        self.n_pieces += n_pieces


class Contender(Protocol):
    """One row of the table."""

    work: Work

    def read(self, texts: Sequence[str]) -> list[list[Span]]:
        """The spans of each text."""

    def tune(self, texts: Sequence[str]) -> str:
        """Choose what is best for such texts, if there is a choice; what was chosen, for the table."""


class Nerq:
    """nerq's recogniser on one of its engines."""

    def __init__(self, checkpoint: Checkpoint, engine: str, precision: str, threads: int) -> None:
        self.work = Work()
        self._checkpoint = checkpoint
        opened = open_engine(checkpoint, engine, precision, threads, "cpu")  # type: ignore[arg-type]
        if opened.precision != precision:
            raise RuntimeError(f"{opened.name} computes in {opened.precision}, not in {precision}")
        self._recognizer = Recognizer(checkpoint, _Counting(opened, self.work))

    def read(self, texts: Sequence[str]) -> list[list[Span]]:
        """As for texts that were never seen: what was remembered of words is forgotten first."""
        forget_words(self._checkpoint)
        found = self._recognizer.recognize(texts)
        return [[Span(e.start, e.end, e.label) for e in one.entities] for one in found]

    def tune(self, texts: Sequence[str]) -> str:
        """It tunes itself."""
        del texts
        return ""


def forget_words(checkpoint: Checkpoint) -> None:
    """Empty the memories of words and pieces, so that texts are as new as a corpus that was never read."""
    from worker.recognition import words

    words._cuts_of_rule.cache_clear()
    checkpoint.pieces._known.clear()


class _Counting:
    """An engine that counts."""

    def __init__(self, engine: Any, work: Work) -> None:
        self.name, self.precision = engine.name, engine.precision
        self._engine = engine
        self._work = work

    def predict(self, pack: Any) -> Any:
        with self._work.counted(pack.piece_ids.size):
            return self._engine.predict(pack)


class Pipeline:
    """transformers.pipeline over a network of torch's, or over one that is called in its place."""

    def __init__(self, checkpoint: Checkpoint, precision: str, threads: int, forward: Any = None) -> None:
        import torch
        from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        torch.set_num_threads(threads)
        self.work = Work()
        self._batch_size = 1
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
        network = AutoModelForTokenClassification.from_pretrained(checkpoint.folder, dtype=dtype).eval()
        network.forward = _counting_forward(forward or network.forward, self.work)
        self._pipeline = pipeline(
            "token-classification",
            network,
            tokenizer=AutoTokenizer.from_pretrained(checkpoint.folder),
            aggregation_strategy="first",
            stride=STRIDE,
            device="cpu",
        )

    def read(self, texts: Sequence[str]) -> list[list[Span]]:
        """Texts without words are left out: the pipeline refuses them."""
        given = [text for text in texts if text.strip()]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = iter(self._pipeline(given, batch_size=self._batch_size) if given else [])
        return [_spans(text, next(found)) if text.strip() else [] for text in texts]

    def tune(self, texts: Sequence[str]) -> str:
        """The fastest of a few batch sizes."""
        self._batch_size = BATCH_SIZES[0]
        self.read(texts)  # a process reads slowly at first, which is not the fault of the first size
        self._batch_size = min(BATCH_SIZES, key=lambda size: self._seconds(texts, size))
        return f"batch {self._batch_size}"

    def _seconds(self, texts: Sequence[str], batch_size: int) -> float:
        self._batch_size = batch_size
        started = time.perf_counter()
        self.read(texts)
        return time.perf_counter() - started


def _counting_forward(forward: Callable[..., Any], work: Work) -> Callable[..., Any]:
    def counted(input_ids: Any = None, attention_mask: Any = None, **_: Any) -> Any:
        with work.counted(input_ids.numel()):
            return forward(input_ids=input_ids, attention_mask=attention_mask)

    return counted


def _spans(text: str, found: Sequence[dict[str, Any]]) -> list[Span]:
    """Trimmed of white space, which some tokenizers count in; of two that overlap the first."""
    kept: list[Span] = []
    for one in found:
        part = text[one["start"] : one["end"]]
        start = one["start"] + len(part) - len(part.lstrip())
        span = Span(start, start + len(part.strip()), one["entity_group"])
        if span.start < span.end and (not kept or span.start >= kept[-1].end):
            kept.append(span)
    return kept


class OnnxPipeline(Pipeline):
    """The same pipeline over ONNX Runtime: nerq's own export of the checkpoint, in fp32 or quantised to int8."""

    def __init__(self, checkpoint: Checkpoint, precision: str, threads: int, folder: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors
        path = onnx_file(checkpoint, precision, folder)
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        super().__init__(checkpoint, "fp32", threads, self._forward)

    def _forward(self, input_ids: Any, attention_mask: Any) -> Any:
        import torch
        from transformers.modeling_outputs import TokenClassifierOutput

        inputs = {"input_ids": input_ids.numpy(), "attention_mask": attention_mask.numpy()}
        (logits,) = self._session.run(["logits"], inputs)
        return TokenClassifierOutput(logits=torch.from_numpy(logits))


def onnx_file(checkpoint: Checkpoint, precision: str, folder: Path) -> Path:
    """The checkpoint as ONNX in a folder, written there the first time."""
    from training.onnx import export_onnx

    exported, quantised = folder / "fp32.onnx", folder / "int8.onnx"
    if not exported.exists():
        export_onnx(checkpoint, exported)
    if precision == "int8" and not quantised.exists():
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(exported, quantised, weight_type=QuantType.QInt8)
    return {"fp32": exported, "int8": quantised}[precision]


class Spacy:
    """Another model, with labels of its own, but what many people would take."""

    def __init__(self, name: str, threads: int) -> None:
        del threads  # it computes on one
        self.work = Work()
        package = import_module(name)
        # Its entity recogniser has a network of its own; what the others share would be computed for nothing.
        self._nlp = package.load(exclude=["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer"])
        self._nlp.max_length = 10**9

    def read(self, texts: Sequence[str]) -> list[list[Span]]:
        """The spans of its entity recogniser."""
        found = self._nlp.pipe(texts)
        return [[Span(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in found]

    def tune(self, texts: Sequence[str]) -> str:
        """Its batches are of its own choice."""
        del texts
        return ""
