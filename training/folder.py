"""The folder of a checkpoint: standard Hugging Face files, and nerq's own beside them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers.utils import cached_file

from training.card import write_card
from training.crf import LinearChainCrf
from training.dev import DevSet
from training.options import TrainObserver
from training.scoring import Report
from worker.recognition import Checkpoint
from worker.recognition.checkpoint import NERQ_FILE
from worker.recognition.engines import open_engine


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


def record_scores(
    folder: Path,
    dev: DevSet,
    facts: dict[str, Any],
    epochs: Sequence[dict[str, float]],
    observer: TrainObserver,
) -> Report:
    """Fit the window that the network reads in, as it was stored and as users have it, and write scores and card.

    Returns:
        The strict scores on dev of the network as it was stored, in that window.
    """
    checkpoint = Checkpoint.open(str(folder))
    engine = open_engine(checkpoint, precision="fp32", threads=torch.get_num_threads())
    fitted = dev.fit_window(checkpoint, engine, facts["training"]["max_words"], observer.tried)
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
