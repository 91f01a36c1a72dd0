"""The machine's limit for a network: the best rate of plain matrix products of the network's own shapes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from safetensors import safe_open

from worker.recognition import Checkpoint

#: Rows of the products: pieces of a pack.
_ROWS: Final = (512, 1024, 2048)
#: Seconds for which a product is repeated.
_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Cost:
    """Operations that a network takes, counted as two for each multiplication with its addition."""

    shapes: tuple[tuple[int, int], ...]  #: (outputs, inputs) of its matrices, each once for each layer
    width: int
    n_layers: int

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Cost:
        """Of a checkpoint: all its matrices but those of embeddings, which are looked up."""
        shapes: list[tuple[int, int]] = []
        for path in sorted(checkpoint.folder.glob("model*.safetensors")):
            with safe_open(path, "numpy") as file:
                found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            shapes += [s for name, s in found.items() if len(s) == 2 and "embedding" not in name.lower()]
        config = checkpoint.config
        width = int(config.get("dim") or config["hidden_size"])
        return cls(tuple(shapes), width, int(config.get("n_layers") or config["num_hidden_layers"]))

    def operations(self, n_pieces: int, lengths: Sequence[int]) -> float:
        """Of `n_pieces` through all matrices, and of attention in windows of these lengths, nothing padded."""
        linear = 2.0 * sum(outputs * inputs for outputs, inputs in self.shapes)
        attention = 4.0 * self.width * self.n_layers
        return n_pieces * linear + attention * sum(length * length for length in lengths)


class Roof:
    """Measures products in torch."""

    def __init__(self, checkpoint: Checkpoint, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self._shapes = sorted({shape for shape in Cost.of(checkpoint).shapes if min(shape) > 64})

    def measure(self) -> dict[str, float]:
        """Operations a second in each precision: of the best of all shapes and numbers of rows."""
        import torch

        dtypes = {"fp32": torch.float32, "bf16": torch.bfloat16}
        return {name: max(self._rates(dtype)) for name, dtype in dtypes.items()}

    def _rates(self, dtype: Any) -> list[float]:
        import torch

        rates = []
        with torch.inference_mode():
            for outputs, inputs in self._shapes:
                for n_rows in _ROWS:
                    a, b = torch.randn(n_rows, inputs).to(dtype), torch.randn(inputs, outputs).to(dtype)
                    c = torch.empty(n_rows, outputs, dtype=dtype)
                    rates.append(2.0 * n_rows * inputs * outputs / _fastest(lambda: torch.mm(a, b, out=c)))  # noqa: B023
        return rates


def _fastest(call: Any) -> float:
    """Seconds of the fastest of repeated calls."""
    call()
    best, give_up_at = float("inf"), time.perf_counter() + _SECONDS
    while (started := time.perf_counter()) < give_up_at:
        call()
        best = min(best, time.perf_counter() - started)
    return best
