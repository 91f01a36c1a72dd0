"""Which engine runs a checkpoint on this machine."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from worker.errors import SettingsError
from worker.recognition.checkpoint import Checkpoint
from worker.recognition.engine import Engine

EngineKind = Literal["auto", "openvino", "torch"]

#: Where an NVIDIA driver shows itself, on Linux and inside WSL; elsewhere there is no CUDA.
_DRIVERS: Final = ("/dev/nvidiactl", "/dev/dxg")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """What will compute, in which precision (`auto`: the engine finds out), and why."""

    library: Literal["openvino", "torch"]
    precision: str
    reason: str


def choose_engine(kind: EngineKind, precision: str, device: str) -> EngineChoice:
    """The engine for `cpu` or `cuda`, found out without torch, which takes seconds to import.

    Raises:
        SettingsError: the engine that was asked for is not installed, or has no such precision or device.
    """
    if kind == "openvino" and device != "cpu":
        raise SettingsError("The engine openvino computes on the CPU only; choose auto or torch for a GPU.")
    if kind == "openvino" and not _has_openvino():
        raise SettingsError("The engine openvino is not installed: pip install openvino, or choose torch.")
    if precision == "int8" and (device != "cpu" or kind == "torch" or not _has_openvino()):
        raise SettingsError(
            "int8 is computed by OpenVINO on a CPU alone (pip install openvino); choose another precision."
        )
    if device != "cpu":
        return EngineChoice("torch", precision, "the GPU's engine")
    if kind == "torch":
        return EngineChoice("torch", precision, "asked for by NERQ_ENGINE")
    if not _has_openvino():
        return EngineChoice(
            "torch", precision, "openvino is not installed: pip install openvino, it is faster"
        )
    if kind == "auto" and precision == "fp16":
        return EngineChoice("torch", precision, "OpenVINO does not compute fp16 on a CPU")
    # Not at the top: each engine's library takes a while to import.
    from worker.recognition.engine_openvino import choose_precision

    chosen, reason = choose_precision(precision)
    return EngineChoice("openvino", chosen, reason)


def open_engine(
    checkpoint: Checkpoint,
    kind: EngineKind = "auto",
    precision: str = "auto",
    threads: int | None = None,
    device: str | None = None,
) -> Engine:
    """An engine for a checkpoint: torch on CUDA, on a CPU OpenVINO, and torch where OpenVINO cannot.

    Args:
        checkpoint: an opened one.
        kind: `auto`, `openvino` (CPU only) or `torch`.
        precision: `auto`, `fp32`, `bf16` or `fp16`; auto takes 16 bits where hardware and network compute them.
        threads: CPU threads; None leaves the engine's own choice.
        device: `cpu`, `cuda` or None for CUDA where there is one.

    Raises:
        ModelError: the weights cannot be opened, or not by the engine that was asked for.
        SettingsError: the engine that was asked for is not installed, or has no such precision or device.
    """
    device = device or ("cuda" if _has_cuda() else "cpu")
    choice = choose_engine(kind, precision, device)
    if choice.library == "torch":
        return _open_torch(checkpoint, precision, threads, device)
    from worker.recognition.engine_openvino import open_openvino_engine
    from worker.recognition.openvino_network import UnsuitedError

    try:
        return open_openvino_engine(checkpoint, precision, threads)
    except UnsuitedError as error:
        if kind == "openvino" or precision == "int8":  # which torch has not
            raise
        _log.warning("the engine is torch, slower on a CPU: %s", error)
        return _open_torch(checkpoint, precision, threads, device)


def _open_torch(checkpoint: Checkpoint, precision: str, threads: int | None, device: str) -> Engine:
    from worker.recognition.engine_torch import open_torch_engine

    return open_torch_engine(checkpoint, precision, threads, device)


def _has_openvino() -> bool:
    return find_spec("openvino") is not None


def _has_cuda() -> bool:
    if not any(Path(driver).exists() for driver in _DRIVERS):
        return False  # found out without torch
    import torch

    return bool(torch.cuda.is_available())
