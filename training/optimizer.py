"""Which parameters learn how fast."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

_LAYER = re.compile(r"\.(?:layers?|h|block)\.(\d+)\.")


def parameter_groups(
    model: Any, rate: float, head_rate: float | None, layer_decay: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Groups for a torch optimizer.

    The top layer of the encoder learns at `rate`, each one below it `layer_decay` times slower than its upper
    neighbour, the embeddings slowest; what the layers share and what comes after them learns as the top one; what is
    not in the encoder (the head, a CRF) learns at `head_rate`. Vectors (biases, the scales of norms) have no weight
    decay.
    """
    encoder = f"{model.base_model_prefix}."
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    numbers = [int(found[1]) for name, _ in named if (found := _LAYER.search(f".{name}"))]
    top = max(numbers, default=-1)
    groups: dict[tuple[float, float], list[Any]] = defaultdict(list)
    for name, parameter in named:
        below_top = top - _layer(name, top)
        own_rate = rate * layer_decay**below_top if name.startswith(encoder) else head_rate or rate
        groups[own_rate, weight_decay if parameter.ndim > 1 else 0.0].append(parameter)
    return [
        {"params": parameters, "lr": own_rate, "weight_decay": own_decay}
        for (own_rate, own_decay), parameters in groups.items()
    ]


def _layer(name: str, top: int) -> int:
    """The number of a parameter's layer, from 0; -1 for the embeddings, below all layers."""
    if found := _LAYER.search(f".{name}"):
        return int(found[1])
    return -1 if "embed" in name else top
