"""The torch engine: any checkpoint that transformers opens, on a CPU or a CUDA device."""

from __future__ import annotations

import ctypes
import logging
import sys
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from transformers import AutoModelForTokenClassification, PreTrainedModel
from transformers.utils import logging as transformers_logging

from worker.errors import ModelError, SettingsError
from worker.recognition.checkpoint import Checkpoint
from worker.recognition.packing import Pack, Packer

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_log = logging.getLogger(__name__)


class TorchEngine:
    """Runs a token-classification network of transformers, where it is and in the precision that it has."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._device = model.device
        self.name = f"torch-{model.device.type}"
        self.precision = next(name for name, dtype in _DTYPES.items() if dtype == model.dtype)

    @torch.inference_mode()
    def predict(self, pack: Pack) -> npt.NDArray[np.float32]:
        """Log-probabilities at each word's first piece, shape (n_words, n_labels)."""
        lengths = torch.from_numpy(pack.lengths)
        ids = torch.from_numpy(pack.piece_ids)  # (n_windows, n_pieces)
        n_pieces = ids.shape[1]
        # Windows of one length need no mask, and attention without one is faster.
        mask = None if bool((lengths == n_pieces).all()) else torch.arange(n_pieces) < lengths[:, None]
        try:
            logits = self._model(
                input_ids=ids.to(self._device),
                attention_mask=None if mask is None else mask.long().to(self._device),
            ).logits  # (n_windows, n_pieces, n_labels)
            rows = torch.from_numpy(pack.word_rows).to(self._device)
            columns = torch.from_numpy(pack.word_columns).to(self._device)
            result = logits[rows, columns].float().log_softmax(dim=-1)  # (n_words, n_labels)
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            # Without its cause, whose traceback would keep the tensors of the failed pack alive.
            raise MemoryError(f"{ids.shape[0]} windows of {n_pieces} pieces do not fit into memory") from None
        rows_of_words: npt.NDArray[np.float32] = result.cpu().numpy()
        return rows_of_words


def _is_out_of_memory(error: RuntimeError) -> bool:
    phrases = ("out of memory", "DefaultCPUAllocator", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError) or any(phrase in str(error) for phrase in phrases)


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def _keep_memory_flat() -> None:
    """Have glibc give large blocks back to the system.

    Packs differ in shape, so that otherwise the heap is cut into pieces that fit nothing: over thousands of
    documents a process grew by a quarter.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_MMAP_THRESHOLD, 1 << 20)
        mallopt(_M_TRIM_THRESHOLD, 128 << 20)


def open_torch_engine(
    checkpoint: Checkpoint, precision: str = "auto", threads: int | None = None, device: str | None = None
) -> TorchEngine:
    """An engine for a checkpoint; its weights are read from safetensors, never from pickles.

    Args:
        checkpoint: an opened one.
        precision: `auto`, `fp32`, `bf16` or `fp16`; auto takes bf16 where hardware and network compute it.
        threads: CPU threads; None leaves torch's own choice.
        device: `cpu`, `cuda` or None for CUDA where there is one.

    Raises:
        ModelError: the weights cannot be opened, are not those of the configuration, or cannot be computed with in
            the precision that was asked for.
    """
    _keep_memory_flat()
    if threads:
        torch.set_num_threads(threads)
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    chosen = _choose_precision(precision, place)
    engine = _open(checkpoint, chosen, place)
    if chosen == "fp32" or (problem := _problem_of(engine, checkpoint)) is None:
        return engine
    if precision != "auto":
        raise ModelError(f"{checkpoint.name} cannot be computed in {chosen}; take fp32 or auto. {problem}")
    _log.warning("%s cannot be computed in %s, so in fp32: %s", checkpoint.name, chosen, problem)
    return _open(checkpoint, "fp32", place)


def _open(checkpoint: Checkpoint, precision: str, place: torch.device) -> TorchEngine:
    network = load_network(checkpoint, _DTYPES[precision])
    return TorchEngine(network.to(place).eval())


def _read_whole(network: Any) -> None:
    """Copy the weights into memory: mapped from their file, they would change as soon as it is overwritten."""
    for tensor in (*network.parameters(), *network.buffers()):
        tensor.data = tensor.data.clone()


def _problem_of(engine: TorchEngine, checkpoint: Checkpoint) -> str | None:
    """What goes wrong when the network reads a few words: some mix precisions, or overflow in a low one."""
    pieces = checkpoint.pieces
    packer = Packer(pieces.before, pieces.after, pack_pieces=1024)
    windows = np.array([[0, 3, 0, 3], [0, 1, 0, 1]])  # of two lengths, so that one is padded
    try:
        for pack in packer.packs(pieces.cut(["a", "1", "."]), windows):
            if not np.isfinite(engine.predict(pack)).all():
                return "The network gave no numbers."
    except (RuntimeError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def load_network(checkpoint: Checkpoint, dtype: torch.dtype, attention: str | None = None) -> Any:
    """The checkpoint's network of transformers, on the CPU, its weights in memory.

    Args:
        checkpoint: an opened one.
        dtype: of the weights in memory.
        attention: transformers' name of an implementation of attention; None leaves it the choice.

    Raises:
        ModelError: as `open_torch_engine`.
    """
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of deprecations inside transformers; nothing a user can act on
            model, report = AutoModelForTokenClassification.from_pretrained(
                checkpoint.folder,
                dtype=dtype,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
                attn_implementation=attention,
            )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise ModelError(f"The weights of {checkpoint.name} cannot be opened: {error}") from error
    if report["missing_keys"]:
        missing = ", ".join(sorted(report["missing_keys"])[:5])
        raise ModelError(f"The weights of {checkpoint.name} are incomplete; missing: {missing}.")
    if int(model.config.num_labels) != len(checkpoint.labels):
        raise ModelError(
            f"{checkpoint.name} has {model.config.num_labels} outputs for {len(checkpoint.labels)} labels."
        )
    _read_whole(model)
    return model


def _choose_precision(precision: str, device: torch.device) -> str:
    if precision == "auto":
        if device.type == "cuda":
            return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
        return "bf16" if cpu_computes_bf16() else "fp32"
    if precision not in _DTYPES:
        raise SettingsError(f"There is no precision {precision!r}; choose auto, fp32, bf16 or fp16.")
    if precision == "bf16" and device.type == "cpu" and not cpu_computes_bf16():
        _log.warning("this CPU emulates bf16: slower than fp32")
    return precision


def cpu_computes_bf16() -> bool:
    """Whether this CPU has instructions for bf16, so that it is faster than fp32."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
