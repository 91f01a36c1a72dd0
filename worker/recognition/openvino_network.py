"""A checkpoint's network in OpenVINO's form: converted once by torch, checked against it, and kept in a cache."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import openvino

from worker.errors import ModelError
from worker.recognition.checkpoint import Checkpoint
from worker.recognition.network_cache import NetworkCache
from worker.recognition.packing import Pack, Packer

if TYPE_CHECKING:
    import torch

#: Inputs of a network, in order; int64. The first two have the shape (n_windows, n_pieces), the others (n_words,).
INPUTS: Final = ("input_ids", "attention_mask", "word_rows", "word_columns")
#: The logits of both networks may differ by less than this, in 32 bits.
TOLERANCE = 1e-3
#: How OpenVINO calls our precisions.
_HINTS: Final = {"fp32": "f32", "bf16": "bf16"}
_KERNELS_KEPT = 64
#: Of what this module writes; another form gets another place in the cache.
_FORM = 1
#: Words of the windows on which both networks are compared.
_SAMPLE = "On 22 August 1996 Jane O'Brien of Acme Inc. met Frau Müller in São Paulo ; 東京 was 3.5 % cheaper .".split()


class UnsuitedError(ModelError):
    """OpenVINO does not compute this network as torch does; torch is the engine for it."""


def open_network(core: openvino.Core, checkpoint: Checkpoint, threads: int | None = None) -> openvino.Model:
    """The network from the cache; where it is not there, converted and put there.

    The cache is `$XDG_CACHE_HOME/nerq` or `~/.cache/nerq`. Where it cannot be written, every process converts anew.

    Args:
        core: the runtime.
        checkpoint: an opened one.
        threads: CPU threads of a conversion; None takes every core.

    Raises:
        ModelError: the weights cannot be opened, or changed meanwhile.
        UnsuitedError: the converted network cannot be had, or answers otherwise than torch does.
    """
    cache = NetworkCache.of_this_user()
    key = _key(checkpoint)
    if (kept := cache.read(core, key)) is not None:
        return kept
    with cache.held(key) as is_held:  # one process converts, the others wait for it
        if (kept := cache.read(core, key)) is not None:
            return kept
        network = _convert(core, checkpoint, threads)
        if _key(Checkpoint.open(str(checkpoint.folder))) != key:
            raise ModelError(f"{checkpoint.folder} changed while it was opened.")
        if is_held:
            cache.write(network, key)
            # As later starts have it; what was converted shares memory with all of torch's network.
            return cache.read(core, key) or network
    return network


def cpu_properties(precision: str, threads: int | None) -> dict[str, Any]:
    """What OpenVINO is told when it compiles a network: `fp32` or `bf16`, and a number of threads or None for all."""
    properties: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        # Several model processes share a machine; pinned, all of them would sit on the first cores.
        "ENABLE_CPU_PINNING": False,
        # Kernels are made for a shape, and packs have thousands of shapes: kept as the default is, they took 300 MB
        # after 500 packs and more with each. So many serve the layers of one pass, which is what kernels pay for.
        "CPU_RUNTIME_CACHE_CAPACITY": _KERNELS_KEPT,
    }
    return {**properties, "INFERENCE_NUM_THREADS": threads} if threads else properties


def _key(checkpoint: Checkpoint) -> str:
    """Changes with whatever decides what the network computes, or how it is written."""
    parts = [_FORM, openvino.__version__, checkpoint.weights_sha256, checkpoint.config]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _convert(core: openvino.Core, checkpoint: Checkpoint, threads: int | None) -> openvino.Model:
    # torch takes seconds to import: only who converts pays.
    import torch
    from openvino.frontend import FrontEndManager  # convert_model would do the same, and ask for telemetry
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    from worker.recognition.engine_torch import load_network

    network = _logits_of_words(load_network(checkpoint, torch.float32).eval())
    samples = list(_samples(checkpoint))
    try:
        with warnings.catch_warnings(), torch.inference_mode(), _one_thread_of_torch():
            warnings.simplefilter("ignore")  # of what tracing fixes; the comparison shows whether it matters
            traced = torch.jit.trace(network, _tensors(samples[0]), check_trace=False)  # type: ignore[no-untyped-call]
            frontend = FrontEndManager().load_by_framework("pytorch")
            decoder = TorchScriptPythonDecoder(traced)  # named, since the frontend does not keep it alive
            model: openvino.Model = frontend.convert(frontend.load(decoder))
            expected = [network(*_tensors(pack)).numpy() for pack in samples]
        for name, node in zip(INPUTS, model.inputs, strict=True):
            node.tensor.set_names({name})
        compiled = core.compile_model(model, "CPU", cpu_properties("fp32", threads))
        found = [compiled([tensor.numpy() for tensor in _tensors(pack)])[0] for pack in samples]
    except Exception as error:  # of both libraries' many kinds, which have no narrower common base
        raise UnsuitedError(f"OpenVINO cannot compute {checkpoint.name}: {error}") from error
    difference = max(float(np.abs(a - b).max()) for a, b in zip(found, expected, strict=True))
    if not difference < TOLERANCE:
        raise UnsuitedError(
            f"OpenVINO computes {checkpoint.name} otherwise than torch: by up to {difference:.2g}."
        )
    return model


@contextmanager
def _one_thread_of_torch() -> Iterator[None]:
    """For so little work more threads would mostly wait for each other, on a busy machine for seconds."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _logits_of_words(network: Any) -> torch.nn.Module:
    import torch

    class LogitsOfWords(torch.nn.Module):
        """The network with what `INPUTS` says, and the logits of the words alone as its output."""

        def __init__(self) -> None:
            super().__init__()
            self._network = network

        def forward(
            self, ids: torch.Tensor, mask: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor
        ) -> torch.Tensor:
            logits: torch.Tensor = self._network(input_ids=ids, attention_mask=mask).logits
            return logits[rows, columns].float()

    return LogitsOfWords().eval()


def _samples(checkpoint: Checkpoint) -> Iterator[Pack]:
    """Windows of several lengths and numbers: two that differ first, since tracing fixes what is alike."""
    pieces = checkpoint.pieces
    words = pieces.cut(list(islice(cycle(_SAMPLE), checkpoint.window.max_pieces)))
    longest = int(np.searchsorted(words.starts, checkpoint.window.max_pieces, side="right")) - 1
    packer = Packer(pieces.before, pieces.after, pack_pieces=10**9)
    for lengths in ([7, 4], [1], [longest], [3, 3]):
        rows = [[i, min(i + n, longest)] * 2 for i, n in enumerate(lengths) if i < longest]
        yield from packer.packs(words, np.array(rows))


def _tensors(pack: Pack) -> tuple[torch.Tensor, ...]:
    import torch

    mask = (np.arange(pack.piece_ids.shape[1]) < pack.lengths[:, None]).astype(np.int64)
    arrays = (pack.piece_ids, mask, pack.word_rows, pack.word_columns)
    return tuple(torch.from_numpy(array) for array in arrays)
