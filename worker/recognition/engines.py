"""Which engine runs a checkpoint on this machine."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from worker.errors import ModelError, SettingsError
from worker.recognition.checkpoint import Checkpoint
from worker.recognition.engine import Engine

EngineKind = Literal["auto", "openvino", "torch"]

#: Where an NVIDIA driver shows itself, on Linux and inside WSL; elsewhere there is no CUDA.
_DRIVERS: Final = ("/dev/nvidiactl", "/dev/dxg")
_log = logging.getLogger(__name__)


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
    if kind == "openvino" and device != "cpu":
        raise SettingsError("The engine openvino computes on the CPU only; choose auto or torch for a GPU.")
    if kind == "openvino" and not _has_openvino():
        raise SettingsError("The engine openvino is not installed: pip install openvino, or choose torch.")
    is_torch = kind == "torch" or device != "cpu" or not _has_openvino()
    if is_torch or (kind == "auto" and precision == "fp16"):
        return _open_torch(checkpoint, precision, threads, device)
    # Not at the top: each engine's library takes a while to import.
    from worker.recognition.engine_openvino import open_openvino_engine

    try:
        return open_openvino_engine(checkpoint, precision, threads)
    except ModelError as error:
        if kind == "openvino":
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
        return False  # found out without torch, which takes seconds to import
    import torch

    return bool(torch.cuda.is_available())
