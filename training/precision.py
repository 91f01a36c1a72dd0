"""The precision that a training run computes in; its weights stay in 32 bits."""

from __future__ import annotations

import torch

from training.options import Precision
from worker.errors import SettingsError
from worker.recognition.engine_torch import cpu_computes_bf16


def choose_precision(wanted: Precision) -> Precision:
    """`fp32`, `bf16` or `fp16`; auto takes bf16 where the hardware computes it.

    Raises:
        SettingsError: fp16 is asked for without a CUDA device.
    """
    if wanted == "fp16" and not torch.cuda.is_available():
        raise SettingsError("Training in fp16 needs a CUDA device; choose bf16 or fp32.")
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if cpu_computes_bf16() else "fp32"
