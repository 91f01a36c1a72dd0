"""A checkpoint's network in OpenVINO's form: converted once by torch, checked against it, and kept in a cache."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import openvino
from filelock import FileLock

from worker.errors import ModelError
from worker.recognition.checkpoint import Checkpoint
from worker.recognition.packing import Pack, Packer

if TYPE_CHECKING:
    import torch

#: Inputs of a network, in order; int64. The first two have the shape (n_windows, n_pieces), the others (n_words,).
INPUTS: Final = ("input_ids", "attention_mask", "word_rows", "word_columns")
#: The logits of both networks may differ by less than this, in 32 bits.
TOLERANCE = 1e-3
#: Of what this module writes; another form gets another place in the cache.
_FORM = 1
#: Words of the windows on which both networks are compared.
_SAMPLE = "On 22 August 1996 Jane O'Brien of Acme Inc. met Frau Müller in São Paulo ; 東京 was 3.5 % cheaper .".split()

_log = logging.getLogger(__name__)


def open_network(core: openvino.Core, checkpoint: Checkpoint) -> openvino.Model:
    """The network from the cache; where it is not there, converted and put there.

    The cache is `$XDG_CACHE_HOME/nerq` or `~/.cache/nerq`. Where it cannot be written, every process converts anew.

    Raises:
        ModelError: the weights cannot be opened, or the converted network answers otherwise than torch does.
    """
    place = _cache() / "openvino" / _key(checkpoint)
    if (kept := _read(core, place)) is not None:
        return kept
    network = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(f"{place}.lock"):  # one process converts, the others wait for it
            if (kept := _read(core, place)) is None:
                network = _convert(core, checkpoint)
                _write(network, place)
                kept = _read(core, place)
    except OSError as error:
        _log.info("no cache for converted networks: %s", error)
    found = kept if kept is not None else network
    return found if found is not None else _convert(core, checkpoint)


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "nerq"


def _key(checkpoint: Checkpoint) -> str:
    """Changes with whatever decides what the network computes, or how it is written."""
    parts = [_FORM, openvino.__version__, checkpoint.weights_sha256, checkpoint.config]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _read(core: openvino.Core, place: Path) -> openvino.Model | None:
    """What is kept there; None if nothing is, or if it is not what was written."""
    try:
        written = json.loads((place / "sha256.json").read_text())
        if written != _digests(place):
            _log.warning("%s is damaged; the network is converted anew", place)
            shutil.rmtree(place)
            return None
    except (OSError, ValueError):
        return None
    return core.read_model(place / "network.xml")


def _write(network: openvino.Model, place: Path) -> None:
    """Whole or not at all."""
    with tempfile.TemporaryDirectory(dir=place.parent) as beside:
        folder = Path(beside) / "network"
        folder.mkdir()
        try:
            openvino.save_model(network, folder / "network.xml", compress_to_fp16=False)
        except RuntimeError as error:  # OpenVINO's way of saying that there is no room, for one
            raise OSError(str(error)) from error
        (folder / "sha256.json").write_text(json.dumps(_digests(folder)))
        shutil.rmtree(place, ignore_errors=True)
        folder.rename(place)


def _digests(place: Path) -> dict[str, str]:
    digests = {}
    for name in ("network.xml", "network.bin"):
        with (place / name).open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def _convert(core: openvino.Core, checkpoint: Checkpoint) -> openvino.Model:
    # torch takes seconds to import: only who converts pays.
    import torch
    from openvino.frontend import FrontEndManager  # convert_model would do the same, and ask for telemetry
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    from worker.recognition.engine_torch import load_network

    network = _logits_of_words(load_network(checkpoint, torch.float32).eval())
    samples = list(_samples(checkpoint))
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # of what tracing fixes; the comparison shows whether it matters
            traced = torch.jit.trace(network, _tensors(samples[0]), check_trace=False)  # type: ignore[no-untyped-call]
            frontend = FrontEndManager().load_by_framework("pytorch")
            decoder = TorchScriptPythonDecoder(traced)  # named, since the frontend does not keep it alive
            model: openvino.Model = frontend.convert(frontend.load(decoder))
            expected = [network(*_tensors(pack)).numpy() for pack in samples]
        for name, node in zip(INPUTS, model.inputs, strict=True):
            node.tensor.set_names({name})
        compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        found = [compiled([tensor.numpy() for tensor in _tensors(pack)])[0] for pack in samples]
    except Exception as error:  # of both libraries' many kinds, which have no narrower common base
        raise ModelError(f"OpenVINO cannot compute {checkpoint.name}: {error}") from error
    difference = max(float(np.abs(a - b).max()) for a, b in zip(found, expected, strict=True))
    if not difference < TOLERANCE:
        raise ModelError(
            f"OpenVINO computes {checkpoint.name} otherwise than torch: by up to {difference:.2g}."
        )
    return model


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
    for lengths in ([7, 4], [1], [longest], [longest, 1, longest // 2], [3, 3]):
        rows = [[i, min(i + n, longest)] * 2 for i, n in enumerate(lengths) if i < longest]
        yield from packer.packs(words, np.array(rows))


def _tensors(pack: Pack) -> tuple[torch.Tensor, ...]:
    import torch

    mask = (np.arange(pack.piece_ids.shape[1]) < pack.lengths[:, None]).astype(np.int64)
    arrays = (pack.piece_ids, mask, pack.word_rows, pack.word_columns)
    return tuple(torch.from_numpy(array) for array in arrays)
