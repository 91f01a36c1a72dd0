"""The folder of a checkpoint: standard Hugging Face files, and nerq's own beside them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForTokenClassification
from transformers.utils import cached_file

from training.card import write_card
from training.crf import LinearChainCrf
from training.dev import DevSet
from training.scoring import Report
from worker.recognition import Checkpoint
from worker.recognition.checkpoint import NERQ_FILE
from worker.recognition.engine_torch import TorchEngine


def write_folder(
    folder: Path,
    model: Any,
    tokenizer: Any,
    facts: dict[str, Any],
    crf: LinearChainCrf | None = None,
    *,
    half: bool = False,
) -> None:
    """Write configuration, weights (of 16 bits if `half`), tokenizer, CRF and facts; replaces what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    if half:
        model = model.half()
    model.save_pretrained(folder)
    # Weights of 16 bits are a matter of size: other tools would compute in 16 bits too, slowly on a CPU.
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["dtype"] = "float32"
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    tokenizer.save_pretrained(folder)
    # transformers rebuilds the tokenizers of some families from their vocabulary, without the base's own normaliser.
    own = cached_file(
        tokenizer.name_or_path,
        "tokenizer.json",
        _raise_exceptions_for_missing_entries=False,
        local_files_only=True,
    )
    if own:
        shutil.copyfile(own, folder / "tokenizer.json")
    if crf is not None:
        crf.save(folder)
    for path in folder.iterdir():
        path.chmod(0o644)  # a checkpoint is for sharing; its writer leaves the weights to their owner alone
    (folder / NERQ_FILE).write_text(json.dumps(facts, indent=1), encoding="utf-8")


def open_stored(folder: Path) -> Any:
    """The network as it was stored, so that the score is of what users get."""
    return AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)


def record_scores(
    folder: Path, dev: DevSet, facts: dict[str, Any], epochs: Sequence[dict[str, float]]
) -> Report:
    """Fit the window that the stored network reads in, and write its scores and the model card.

    Returns:
        The strict scores on dev of the network as it was stored, in that window.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    engine = TorchEngine(open_stored(folder).to(device).eval())
    fitted = dev.fit_window(Checkpoint.open(str(folder)), engine, facts["training"]["max_words"])
    facts["window"] = fitted.policy.as_dict()
    facts["scores"] = {
        "dev": fitted.report.as_dict(),
        "windows": fitted.scores,
        "best_epoch": max(range(len(epochs)), key=lambda i: epochs[i]["f1"]) + 1,
        "epochs": list(epochs),
    }
    (folder / NERQ_FILE).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    write_card(folder, facts)
    return fitted.report
