"""A checkpoint -> an ONNX file for other runtimes, which is checked against the checkpoint's own network."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from worker.errors import InputError, ModelError, NerqError, SettingsError
from worker.recognition import Checkpoint
from worker.recognition.checkpoint import NERQ_FILE
from worker.recognition.engine_torch import load_network
from worker.recognition.packing import Packer
from worker.recognition.transitions import CRF_FILE

MODEL_FILE = "model.onnx"
#: The logits of the file and of the network may differ by less than this, and no label may.
TOLERANCE = 1e-3
_OPSET = 18
_INPUTS, _OUTPUT = ("input_ids", "attention_mask"), "logits"
_AXES = {0: "n_windows", 1: "n_pieces"}
#: Words of the windows on which file and network are compared.
_SAMPLE = (
    "On 22 August 1996 Jane O'Brien of Acme Inc. met Frau Müller in São Paulo ; 東京 and Москва were 3.5 % cheaper . "
    "“ It’s the U.S. Embassy , ” she said ( twice ) , e-mailing jane@example.com from Saint-Étienne 🙂"
).split()

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and how near it comes to the network that it was made of."""

    output: Path  #: the file, or the folder around it
    sha256: str  #: of the ONNX file
    n_bytes: int  #: of the ONNX file
    n_windows: int  #: on which file and network were compared
    n_pieces: int  #: real ones of these windows
    max_difference: float  #: largest absolute difference of two logits
    n_other_labels: int  #: pieces whose likeliest label differs


def export_onnx(checkpoint: Checkpoint, output: Path, *, overwrite: bool = False) -> Exported:
    """Write the checkpoint's network in 32 bits as ONNX, run it, and keep it only if it answers as the network does.

    Inputs are `input_ids` and `attention_mask`, int64 of shape (n_windows, n_pieces), both axes of any length; output
    is `logits`, (n_windows, n_pieces, n_labels).

    Args:
        checkpoint: an opened one.
        output: a file if its name ends in `.onnx`; else a folder that gets `model.onnx`, configuration, tokenizer,
            nerq's reading rules and the CRF if there is one.
        overwrite: replace an earlier export.

    Raises:
        SettingsError: a package for ONNX is not installed.
        InputError: the output exists already, and is no export or is not to be replaced.
        ModelError: the weights cannot be opened, or the exporter does not know how to write this network.
        NerqError: the file answers differently; nothing is left of it.
    """
    _require_packages()
    _refuse_existing(output, overwrite=overwrite)
    network = load_network(checkpoint, torch.float32, attention="eager").eval()
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as place:
        folder = Path(place) / "folder"
        folder.mkdir()
        _write_network(network, folder / MODEL_FILE, checkpoint)
        if _is_file(output) and len(list(folder.iterdir())) > 1:
            raise InputError(
                f"{output} would be larger than an ONNX file may be; give a folder as the output."
            )
        exported = _compare(network, folder / MODEL_FILE, checkpoint, output)
        _describe(checkpoint, folder)
        if output.is_dir():
            output.rename(Path(place) / "replaced")
        (folder / MODEL_FILE if _is_file(output) else folder).replace(output)
    return exported


def _require_packages() -> None:
    missing = [name for name in ("onnx", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise SettingsError(f"ONNX needs {' and '.join(missing)}: pip install 'nerq[onnx]'")


def _refuse_existing(output: Path, *, overwrite: bool) -> None:
    if not output.name:
        raise InputError(f"{output} is no name for a new file or folder.")
    if not (output.exists() or output.is_symlink()):
        return
    if not overwrite:
        raise InputError(f"{output} exists already; give another output, or --overwrite.")
    is_export = output.is_file() if _is_file(output) else (output / MODEL_FILE).is_file()
    if output.is_symlink() or not is_export:
        raise InputError(f"{output} is no earlier export; it is not overwritten.")
    if not _is_file(output) and _holds_weights(output):
        raise InputError(f"{output} holds the weights of a model; it is not overwritten.")


def _holds_weights(folder: Path) -> bool:
    """Whether a network is stored here in a format other than ONNX; an export has at most the CRF in one."""
    weights = [*folder.glob("*.safetensors"), *folder.glob("pytorch_model*.bin")]
    return any(path.name != CRF_FILE for path in weights)


def _is_file(output: Path) -> bool:
    return output.suffix.lower() == ".onnx"


class _Logits(torch.nn.Module):
    """The network with the inputs and the output of the file."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self._network = network

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self._network(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def _write_network(network: Any, path: Path, checkpoint: Checkpoint) -> None:
    ids, mask = next(_samples(checkpoint))
    try:
        with warnings.catch_warnings(), torch.no_grad():
            # Of what tracing fixes (the comparison shows whether it matters), and that torch has a newer exporter:
            # that one gave the same logits for the same encoders, in twenty times the time.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _Logits(network).eval(),
                (torch.from_numpy(ids), torch.from_numpy(mask)),
                str(path),
                input_names=list(_INPUTS),
                output_names=[_OUTPUT],
                dynamic_axes=dict.fromkeys((*_INPUTS, _OUTPUT), _AXES),
                opset_version=_OPSET,
                dynamo=False,
            )
    except (RuntimeError, TypeError, ValueError, NotImplementedError) as error:
        kind = checkpoint.config.get("model_type")
        raise ModelError(f"{checkpoint.name} ({kind}) cannot be written as ONNX: {error}") from error


def _compare(network: Any, path: Path, checkpoint: Checkpoint, output: Path) -> Exported:
    session = _open_session(path, checkpoint)
    n_windows = n_pieces = n_other_labels = 0
    max_difference = 0.0
    for ids, mask in _samples(checkpoint):
        real = mask.astype(bool)
        found: _Floats = session.run([_OUTPUT], {"input_ids": ids, "attention_mask": mask})[0][real]
        expected = _logits(network, ids, mask)[real]  # (n_real_pieces, n_labels)
        difference = float(np.abs(found - expected).max())
        max_difference = max(max_difference, difference if np.isfinite(difference) else float("inf"))
        n_other_labels += int((found.argmax(axis=1) != expected.argmax(axis=1)).sum())
        n_windows += len(ids)
        n_pieces += len(found)
    if max_difference >= TOLERANCE or n_other_labels:
        raise NerqError(
            f"The ONNX file does not answer as {checkpoint.name} does: logits differ by up to {max_difference:.2g} "
            f"(allowed: {TOLERANCE:g}), labels at {n_other_labels} of {n_pieces} pieces. Nothing was written."
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    n_bytes = path.stat().st_size
    return Exported(output, digest, n_bytes, n_windows, n_pieces, max_difference, n_other_labels)


def _open_session(path: Path, checkpoint: Checkpoint) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a dozen kinds, with no common base
        raise ModelError(f"onnxruntime cannot open what {checkpoint.name} was written to: {error}") from error


@torch.inference_mode()
def _logits(network: Any, ids: _Ints, mask: _Ints) -> _Floats:
    answer = network(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
    logits: _Floats = answer.logits.numpy()
    return logits


def _samples(checkpoint: Checkpoint) -> Iterator[tuple[_Ints, _Ints]]:
    """Ids and masks of windows: two of different lengths first, a single word, the longest, many padded ones."""
    policy, pieces = checkpoint.window, checkpoint.pieces
    words = pieces.cut(list(islice(cycle(_SAMPLE), policy.max_pieces)))
    longest = int(np.searchsorted(words.starts, policy.max_pieces, side="right")) - 1
    packer = Packer(pieces.before, pieces.after, pack_pieces=10**9)
    for lengths in ([13, 5], [1], [longest], [longest, 1, longest // 2], [3, 3], list(range(1, 20))):
        rows = [[i, min(i + n, longest)] * 2 for i, n in enumerate(lengths) if i < longest]
        for pack in packer.packs(words, np.array(rows)):
            mask = np.arange(pack.piece_ids.shape[1]) < pack.lengths[:, None]
            yield pack.piece_ids, mask.astype(np.int64)


def _describe(checkpoint: Checkpoint, folder: Path) -> None:
    """What else is needed to read text with the file."""
    rules = {
        "word_rule": checkpoint.word_rule.value,
        "window": checkpoint.window.as_dict(),
        "decoding": checkpoint.decoding,
    }
    for name, content in (("config.json", checkpoint.config), (NERQ_FILE, {**checkpoint.facts, **rules})):
        (folder / name).write_text(json.dumps(content, indent=1), encoding="utf-8")
    (folder / "tokenizer.json").write_text(checkpoint.tokenizer_json, encoding="utf-8")
    for name in ("tokenizer_config.json", CRF_FILE):
        if (checkpoint.folder / name).exists():
            shutil.copyfile(checkpoint.folder / name, folder / name)
