"""Networks in 8 bits, for models that a measurement on gold has let through: the rewriting, and the verdict."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from math import gcd
from pathlib import Path
from typing import Any, Final

import numpy as np
import openvino
from openvino import opset13 as ops

from worker.errors import ModelError, SettingsError
from worker.recognition.checkpoint import Checkpoint
from worker.recognition.network_cache import NetworkCache

#: Points of strict entity F1 that 8 bits may cost.
MAX_LOSS: Final = 0.3
#: Inputs of a matrix that share a scale; with fewer, more time goes into scales than 8 bits save.
_MIN_GROUP: Final = 32


@dataclass(frozen=True, slots=True)
class Verdict:
    """What 8 bits cost a model, measured on this machine. F1 is strict, of entities, in points."""

    model: str  #: id of the checkpoint
    openvino: str  #: its version
    rest: str  #: precision of what is not in 8 bits
    gold: tuple[str, ...]  #: sha256 of each file
    n_entities: int  #: in gold
    f1_fp32: float
    f1_int8: float

    @property
    def is_accepted(self) -> bool:
        """Whether the model may run in 8 bits."""
        return not self.refusal

    @property
    def refusal(self) -> str:
        """Why the model may not run in 8 bits; empty where it may. Gold that says nothing lets nothing through."""
        if self.n_entities == 0:
            return "gold holds no entity, so that it does not tell what int8 costs"
        if self.f1_fp32 <= 0:
            return "F1 is 0 in fp32, so that this gold does not tell what int8 costs"
        return "it loses too much" if self.f1_fp32 - self.f1_int8 > MAX_LOSS else ""

    def __str__(self) -> str:
        loss = self.f1_fp32 - self.f1_int8
        return (
            f"F1 {self.f1_int8:.2f} in int8, {self.f1_fp32:.2f} in fp32 on {self.n_entities:,} entities of gold "
            f"({loss:+.2f} lost, {MAX_LOSS} allowed)"
        )

    def keep(self) -> Path:
        """Write it where `accepted_verdict` finds it.

        Raises:
            SettingsError: there is no folder that can be written.
        """
        try:
            path = _place(self.model)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = path.with_suffix(f".{os.getpid()}.part")  # of this process: two may measure at a time
            part.write_text(json.dumps(asdict(self)))
            part.replace(path)
        except OSError as error:
            raise SettingsError(f"The verdict cannot be kept; set XDG_CACHE_HOME: {error}") from error
        return path


def accepted_verdict(checkpoint: Checkpoint, rest: str) -> Verdict:
    """The kept verdict on a checkpoint.

    Raises:
        ModelError: it has not been measured with this OpenVINO and this arithmetic, or lost too much.
    """
    try:
        kept = json.loads(_place(checkpoint.id).read_text())
        verdict = Verdict(**{**kept, "gold": tuple(kept["gold"])})
    except (OSError, ValueError, TypeError, KeyError):
        verdict = None
    if verdict is None or (verdict.model, verdict.openvino, verdict.rest) != (
        checkpoint.id,
        openvino.__version__,
        rest,
    ):
        raise ModelError(
            f"What int8 costs {checkpoint.name} has not been measured on this machine: run `nerq models quantize "
            f"{checkpoint.name} --gold FILE`, or choose another NERQ_PRECISION."
        )
    if not verdict.is_accepted:
        raise ModelError(f"{checkpoint.name} may not run in int8, {verdict.refusal}: {verdict}.")
    return verdict


def _place(model_id: str) -> Path:
    folder = NetworkCache.of_this_user().folder
    if folder is None:
        raise FileNotFoundError("there is no home folder")
    return folder.parent / "int8" / f"{model_id}.json"


def quantize(network: openvino.Model) -> dict[str, Any]:
    """Put the matrices of a network into 8 bits, a scale for each row; what to compile it with.

    Inputs of a matrix are rounded to 8 bits as they come, so that nothing has to be calibrated.

    Raises:
        ModelError: its matrices do not go into groups that pay.
    """
    group = 0
    for node in network.get_ordered_ops():
        constant = node.input_value(1).get_node() if node.get_type_name() == "MatMul" else None
        if constant is None or constant.get_type_name() != "Constant":
            continue
        attributes = node.get_attributes()
        weights = constant.data.astype(np.float32)  # (n_outputs, n_inputs), or the other way round
        weights = weights if attributes["transpose_b"] else weights.T
        scales = np.maximum(np.abs(weights).max(axis=1, keepdims=True), 1e-12) / 127
        rounded = ops.convert(ops.constant(np.round(weights / scales).astype(np.int8)), "f32")
        product = ops.multiply(rounded, ops.constant(scales))
        node.output(0).replace(
            ops.matmul(node.input_value(0), product, attributes["transpose_a"], True).output(0)
        )
        group = gcd(group, weights.shape[1])
    if group < _MIN_GROUP:
        raise ModelError("The matrices of this network are too small or too odd for int8.")
    return {"DYNAMIC_QUANTIZATION_GROUP_SIZE": group}
