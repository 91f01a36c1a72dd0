"""The OpenVINO engine: a checkpoint on a CPU, several times as fast as torch there. Imports no torch."""

from __future__ import annotations

import functools
import logging
import os
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import openvino

from worker.errors import SettingsError
from worker.recognition.checkpoint import Checkpoint
from worker.recognition.int8 import accepted_verdict, quantize
from worker.recognition.openvino_network import INPUTS, UnsuitedError, cpu_properties, open_network
from worker.recognition.packing import Pack

_log = logging.getLogger(__name__)

#: Kernels that oneDNN, which OpenVINO multiplies with, keeps in a process; for a pack of a new shape it makes a few.
#: The layers of one pass share them, which is what they pay for: a thousand are no faster.
_KERNELS_OF_ONEDNN: Final = 64


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
        precision: `auto`, `fp32`, `bf16` or `int8`; auto takes bf16 where the CPU computes it.
        threads: CPU threads; None takes every core.

    Raises:
        ModelError: the weights cannot be opened, or int8 has not been allowed for them.
        UnsuitedError: OpenVINO does not compute this network as torch does.
        SettingsError: there is no such precision here.
    """
    core = _core()
    chosen, _ = choose_precision(precision)
    if chosen == "int8":
        accepted_verdict(checkpoint, choose_precision("auto")[0])
        return open_int8_engine(checkpoint, threads)
    network = open_network(core, checkpoint, threads)
    if precision == "auto" and chosen == "bf16" and _needs_fp32(network):
        _log.warning("%s is computed in fp32: its positions go through a logarithm", checkpoint.name)
        chosen = "fp32"
    return _compiled(core, checkpoint, network, chosen, cpu_properties(chosen, threads))


def open_int8_engine(checkpoint: Checkpoint, threads: int | None = None) -> OpenVinoEngine:
    """The same in 8 bits, whatever has been measured of it. Raises as `open_openvino_engine`."""
    core = _core()
    network = open_network(core, checkpoint, threads)
    rest = "fp32" if _needs_fp32(network) else choose_precision("auto")[0]
    properties = {**cpu_properties(rest, threads), **quantize(network)}
    return _compiled(core, checkpoint, network, "int8", properties)


@functools.cache
def _core() -> openvino.Core:
    """The only one of this process, for good.

    Its CPU plugin gives the thread another stack for signals and, when it goes, the one of before: of two that do
    not go in turn, the last leaves a stack that is gone, and the next signal ends the process.
    """
    # Read with the first kernel. The 1,024 of its default take 160 MB, and half a million words to be reached.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(_KERNELS_OF_ONEDNN))
    core = openvino.Core()
    core.set_property({"ENABLE_MMAP": False})  # a running model must not change with its file
    return core


def _compiled(
    core: openvino.Core,
    checkpoint: Checkpoint,
    network: openvino.Model,
    precision: str,
    properties: dict[str, Any],
) -> OpenVinoEngine:
    try:
        return OpenVinoEngine(core.compile_model(network, "CPU", properties), precision)
    except RuntimeError as error:
        raise UnsuitedError(f"OpenVINO cannot compile {checkpoint.name}: {error}") from error


def _needs_fp32(network: openvino.Model) -> bool:
    """Whether 16 bits would put pieces into other places than the network was trained with.

    MPNet and DeBERTa-v2 sort long distances into bins by their logarithm; in bf16 some fall into the next bin, with
    MPNet all of 16, 32 and 64.
    """
    return any(node.get_type_name() == "Log" for node in network.get_ops())


def choose_precision(precision: str) -> tuple[str, str]:
    """`fp32`, `bf16` or `int8` for what was asked for, and why; auto takes bf16 where the CPU has instructions for it.

    Raises:
        SettingsError: there is no such precision here.
    """
    if precision not in ("auto", "fp32", "bf16", "int8"):
        raise SettingsError(
            f"There is no precision {precision!r} on a CPU with OpenVINO; choose auto, fp32, bf16 or int8."
        )
    has_bf16 = "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bf16" and not has_bf16:
        return "bf16", "asked for, though this CPU has no instructions for it"
    if precision != "auto":
        return precision, "asked for by NERQ_PRECISION"
    return ("bf16", "this CPU computes it") if has_bf16 else ("fp32", "this CPU has no bf16")


def _log_softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    rows: npt.NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return rows
