"""The folder of a checkpoint: standard Hugging Face files, and nerq's own beside them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForTokenClassification

from worker.recognition.checkpoint import NERQ_FILE


def write_folder(folder: Path, model: Any, tokenizer: Any, facts: dict[str, Any], half: bool = False) -> None:
    """Write configuration, weights (of 16 bits if `half`), tokenizer and facts; replaces what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    if half:
        model = model.half()
    model.save_pretrained(folder)
    # Weights of 16 bits are a matter of size: other tools would compute in 16 bits too, slowly on a CPU.
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["dtype"] = "float32"
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    tokenizer.save_pretrained(folder)
    for path in folder.iterdir():
        path.chmod(0o644)  # a checkpoint is for sharing; its writer leaves the weights to their owner alone
    (folder / NERQ_FILE).write_text(json.dumps(facts, indent=1), encoding="utf-8")


def open_stored(folder: Path) -> Any:
    """The network as it was stored, so that the score is of what users get."""
    return AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
