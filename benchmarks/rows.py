"""The rows of the table: what each is called, how it is opened, and whether it can be had on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from benchmarks.contenders import Contender, Nerq, OnnxPipeline, Pipeline, Spacy
from worker.recognition import Checkpoint

SPACY_MODEL: Final = "en_core_web_sm"


@dataclass(frozen=True, slots=True)
class Row:
    """A contender that is not opened yet."""

    key: str  #: as named by --rows
    name: str  #: in the table
    kind: str
    precision: str
    is_same_model: bool = True

    def open(self, checkpoint: Checkpoint, threads: int, folder: Path) -> Contender:
        """Open it in this process; `folder` is for files that several rows share."""
        if self.kind == "pipeline":
            return Pipeline(checkpoint, self.precision, threads)
        if self.kind == "onnx":
            return OnnxPipeline(checkpoint, self.precision, threads, folder)
        if self.kind == "spacy":
            return Spacy(SPACY_MODEL, threads)
        return Nerq(checkpoint, self.kind, self.precision, threads)


#: The first row of nerq's in fp32 is what the others must agree with.
ROWS: Final = (
    Row("nerq-fp32", "nerq, OpenVINO fp32", "openvino", "fp32"),
    Row("nerq-bf16", "nerq, OpenVINO bf16", "openvino", "bf16"),
    Row("nerq-int8", "nerq, OpenVINO int8", "openvino", "int8"),
    Row("nerq-torch-fp32", "nerq, torch fp32", "torch", "fp32"),
    Row("nerq-torch-bf16", "nerq, torch bf16", "torch", "bf16"),
    Row("pipeline-fp32", "transformers.pipeline fp32", "pipeline", "fp32"),
    Row("pipeline-bf16", "transformers.pipeline bf16", "pipeline", "bf16"),
    Row("onnx-fp32", "pipeline on ONNX Runtime fp32", "onnx", "fp32"),
    Row("onnx-int8", "pipeline on ONNX Runtime int8", "onnx", "int8"),
    Row("spacy", "spaCy sm (another model)", "spacy", "fp32", is_same_model=False),
)
REFERENCE: Final = ROWS[0].key


def choose_rows(keys: Sequence[str] | None) -> list[Row]:
    """Those that were asked for, and the reference; without a choice all whose packages are installed."""
    if keys is not None:
        return [row for row in ROWS if row.key in keys or row.key == REFERENCE]
    return [row for row in ROWS if _is_installed(row)]


def _is_installed(row: Row) -> bool:
    needed = {"onnx": ("onnx", "onnxruntime"), "spacy": ("spacy", SPACY_MODEL), "openvino": ("openvino",)}
    return all(find_spec(package) is not None for package in needed.get(row.kind, ()))
