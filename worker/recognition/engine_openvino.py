"""The OpenVINO engine: a checkpoint on a CPU, several times as fast as torch there. Imports no torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import openvino

from worker.errors import ModelError, SettingsError
from worker.recognition.checkpoint import Checkpoint
from worker.recognition.openvino_network import INPUTS, open_network
from worker.recognition.packing import Pack

_HINTS = {"fp32": "f32", "bf16": "bf16"}


class OpenVinoEngine:
    """Runs a compiled network whose output is the logits at the words' first pieces, (n_words, n_labels)."""

    name = "openvino-cpu"

    def __init__(self, network: openvino.CompiledModel, precision: str) -> None:
        self.precision = precision
        self._request = network.create_infer_request()

    def predict(self, pack: Pack) -> npt.NDArray[np.float32]:
        """Log-probabilities at each word's first piece, shape (n_words, n_labels)."""
        mask = (np.arange(pack.piece_ids.shape[1]) < pack.lengths[:, None]).astype(np.int64)
        arrays = (pack.piece_ids, mask, pack.word_rows, pack.word_columns)
        try:
            self._request.infer(dict(zip(INPUTS, arrays, strict=True)))
        except RuntimeError as error:
            if "alloc" not in str(error):
                raise
            # Without its cause, whose traceback would keep the arrays of the failed pack alive.
            raise MemoryError(
                f"{len(mask)} windows of {mask.shape[1]} pieces do not fit into memory"
            ) from None
        return _log_softmax(self._request.get_output_tensor(0).data)


def open_openvino_engine(
    checkpoint: Checkpoint, precision: str = "auto", threads: int | None = None
) -> OpenVinoEngine:
    """An engine for a checkpoint on this machine's CPU.

    Args:
        checkpoint: an opened one.
        precision: `auto`, `fp32` or `bf16`; auto takes bf16 where the CPU computes it.
        threads: CPU threads; None takes every core.

    Raises:
        ModelError: the weights cannot be opened, or OpenVINO does not compute this network as torch does.
        SettingsError: there is no such precision here.
    """
    core = openvino.Core()
    core.set_property({"ENABLE_MMAP": False})  # a running model must not change with its file
    chosen = _choose_precision(core, precision)
    properties: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": _HINTS[chosen],
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        # Several model processes share a machine; pinned, all of them would sit on the first cores.
        "ENABLE_CPU_PINNING": False,
    }
    if threads:
        properties["INFERENCE_NUM_THREADS"] = threads
    network = open_network(core, checkpoint)
    try:
        return OpenVinoEngine(core.compile_model(network, "CPU", properties), chosen)
    except RuntimeError as error:
        raise ModelError(f"OpenVINO cannot compile {checkpoint.name}: {error}") from error


def cpu_computes_bf16(core: openvino.Core) -> bool:
    """Whether this CPU has instructions for bf16, so that it is faster than fp32."""
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _choose_precision(core: openvino.Core, precision: str) -> str:
    if precision == "auto":
        return "bf16" if cpu_computes_bf16(core) else "fp32"
    if precision not in _HINTS:
        raise SettingsError(
            f"There is no precision {precision!r} on a CPU with OpenVINO; choose auto, fp32 or bf16."
        )
    return precision


def _log_softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    rows: npt.NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return rows
