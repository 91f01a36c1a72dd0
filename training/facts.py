"""What a checkpoint remembers of its making: data, options, machine."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers

from training.data import LabelledDocument
from training.options import TrainOptions
from training.word_rule import FittedRule
from worker.annotations import AnnotatedFile
from worker.errors import InputError
from worker.version import nerq_version


def gather_facts(
    options: TrainOptions,
    files: Sequence[AnnotatedFile],
    rule: FittedRule,
    train_documents: Sequence[LabelledDocument],
    dev_documents: Sequence[LabelledDocument],
    unlabelled: Sequence[LabelledDocument] = (),
) -> dict[str, Any]:
    """The content of `nerq.json`, before there are scores.

    Raises:
        InputError: the notes are not UTF-8.
    """
    return {
        "word_rule": rule.rule.value,
        "word_rule_agreement": rule.agreement,
        "window": {"max_words": options.max_words, "max_pieces": options.max_pieces},
        "decoding": options.decoding,
        "training": options.as_dict(),
        "notes": _read_notes(options.notes) if options.notes else "",
        "data": {
            "files": [
                {
                    "name": file.path.name,
                    "sha256": file.sha256(),
                    "format": file.format,
                    "scheme": file.scheme,
                    "documents": len(file.documents),
                    "remarks": dict(file.remarks),
                }
                for file in files
            ],
            "train": _count(train_documents),
            "dev": _count(dev_documents),
            "unlabelled": {**_count(unlabelled), "sha256": _hash_texts(unlabelled)} if unlabelled else None,
            "has_text": all(document.has_text for file in files for document in file.documents),
        },
        "machine": describe_machine(),
    }


def describe_machine() -> dict[str, Any]:
    """What the numbers of a run may depend on beside its options."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "nerq": nerq_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu_name(),
        "threads": torch.get_num_threads(),
        "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
    }


def _read_notes(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start + 1} of the file)") from error


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _hash_texts(documents: Sequence[LabelledDocument]) -> str:
    digest = hashlib.sha256()
    for document in documents:
        digest.update(hashlib.sha256(document.text.encode()).digest())
    return digest.hexdigest()


def _count(documents: Sequence[LabelledDocument]) -> dict[str, int]:
    return {
        "documents": len(documents),
        "sentences": sum(len(d.sentences) for d in documents),
        "words": sum(len(d.words) for d in documents),
        "entities": sum(len(d.spans) for d in documents),
        "misaligned": sum(d.n_misaligned for d in documents),
    }
