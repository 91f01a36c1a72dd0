"""The encoder that training starts from: a folder, a hub id, or a bundled model."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer
from transformers.utils import logging as transformers_logging

from worker.errors import ModelError
from worker.recognition.checkpoint import BUNDLED, bundled_models


def open_base(name_or_path: str, labels: Sequence[str]) -> tuple[Any, Any]:
    """An encoder with a token-classification head, and its fast tokenizer.

    What the base's own head knows of a label goes over by the label's name; the rest of the head is fresh.

    Args:
        name_or_path: a bundled model's name, a folder, or a hub id such as `distilbert-base-uncased`.
        labels: label names in the order of the head's outputs.

    Raises:
        ModelError: it cannot be opened, or has no fast tokenizer.
    """
    path = str(BUNDLED / name_or_path) if name_or_path in bundled_models() else name_or_path
    transformers_logging.set_verbosity_error()  # it warns that the head is new: that is what training is for
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tokenizer = AutoTokenizer.from_pretrained(path, use_fast=True, trust_remote_code=False)
            model = AutoModelForTokenClassification.from_pretrained(
                path,
                num_labels=len(labels),
                id2label=dict(enumerate(labels)),
                label2id={label: i for i, label in enumerate(labels)},
                ignore_mismatched_sizes=True,
                use_safetensors=True,
                trust_remote_code=False,
                dtype="float32",
            )
            _take_over_labels(model, path, labels)
    except (AttributeError, OSError, ValueError, KeyError) as error:
        bundled = ", ".join(bundled_models())
        known = "" if Path(path).is_dir() else f", neither bundled ({bundled}) nor a folder,"
        raise ModelError(f"{name_or_path}{known} cannot be trained from: {error}") from error
    if not tokenizer.is_fast:
        raise ModelError(f"{name_or_path} has no fast tokenizer (tokenizer.json).")
    return model, tokenizer


def _take_over_labels(model: Any, path: str, labels: Sequence[str]) -> None:
    """Copy the rows of the base's head to the same labels here, whatever their order and number there."""
    known = AutoConfig.from_pretrained(path, trust_remote_code=False).id2label
    rows_there = {name: i for i, name in known.items()}
    # A head of as many rows was loaded as it is, each row for whichever label has its number now.
    is_loaded = len(known) == len(labels)
    if list(known.values()) == list(labels) or (not is_loaded and rows_there.keys().isdisjoint(labels)):
        return
    base, report = AutoModelForTokenClassification.from_pretrained(
        path, use_safetensors=True, trust_remote_code=False, dtype="float32", output_loading_info=True
    )
    encoder = {f"{base.base_model_prefix}.{name}" for name in base.base_model.state_dict()}
    there, here = base.state_dict(), model.state_dict()
    fresh = here
    if is_loaded and not rows_there.keys() >= set(labels):
        fresh = AutoModelForTokenClassification.from_config(model.config).state_dict()
    for name in here.keys() - encoder - set(report["missing_keys"]):
        if (here[name].shape[0], there[name].shape[0]) == (len(labels), len(known)):
            for i, label in enumerate(labels):  # the state's tensors are the network's own
                here[name][i] = there[name][rows_there[label]] if label in rows_there else fresh[name][i]
