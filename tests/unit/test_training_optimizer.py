"""How fast each part of a network learns."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForTokenClassification,
    BertConfig,
    DistilBertConfig,
    ModernBertConfig,
    MPNetConfig,
)

from training.optimizer import parameter_groups

SIZES = {"vocab_size": 20, "num_attention_heads": 2, "pad_token_id": 0, "num_labels": 3}
BERT = {**SIZES, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 3}
DISTILBERT = {**SIZES, "dim": 8, "hidden_dim": 8, "n_heads": 2, "n_layers": 3}
FAMILIES = [
    (
        DistilBertConfig(**{k: v for k, v in DISTILBERT.items() if k != "num_attention_heads"}),
        "transformer.layer",
    ),
    (BertConfig(**BERT), "encoder.layer"),
    (MPNetConfig(**BERT), "encoder.layer"),
    (ModernBertConfig(**BERT, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2), "layers"),
]


def _rates(model: Any, **options: Any) -> dict[str, tuple[float, float]]:
    """Learning rate and weight decay of each parameter."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = parameter_groups(model, weight_decay=0.1, **options)
    found = [
        (names[id(parameter)], (group["lr"], group["weight_decay"]))
        for group in groups
        for parameter in group["params"]
    ]
    assert len(found) == len(names)
    return dict(found)


@pytest.mark.parametrize(("config", "layers"), FAMILIES, ids=lambda value: getattr(value, "model_type", ""))
def test_lower_layers_learn_slower_and_the_head_at_its_own_rate(config: Any, layers: str) -> None:
    model = AutoModelForTokenClassification.from_config(config)
    rates = _rates(model, rate=1.0, head_rate=7.0, layer_decay=0.5)
    prefix = f"{model.base_model_prefix}."
    for name, (rate, decay) in rates.items():
        if not name.startswith(prefix):
            expected = 7.0
        elif f"{layers}." in name:
            expected = {"0": 0.25, "1": 0.5, "2": 1.0}[name.split(f"{layers}.")[1].split(".")[0]]
        else:
            expected = 0.125 if "embeddings" in name else 1.0
        assert (name, rate) == (name, expected)
        assert (decay == 0) == (model.get_parameter(name).ndim == 1)
    assert {rate for rate, _ in rates.values()} == {0.125, 0.25, 0.5, 1.0, 7.0}


def test_without_decay_all_learn_alike() -> None:
    model = AutoModelForTokenClassification.from_config(FAMILIES[0][0])
    model.crf = torch.nn.Linear(3, 3)
    assert {rate for rate, _ in _rates(model, rate=2.0, head_rate=None, layer_decay=1.0).values()} == {2.0}
    rates = _rates(model, rate=2.0, head_rate=3.0, layer_decay=1.0)
    assert rates["crf.weight"] == (3.0, 0.1)


def test_the_optimizer_takes_the_groups() -> None:
    model = AutoModelForTokenClassification.from_config(FAMILIES[0][0])
    groups = parameter_groups(model, 1.0, None, 0.5, 0.1)
    assert sum(len(g["params"]) for g in torch.optim.AdamW(groups).param_groups) == len(
        list(model.parameters())
    )
