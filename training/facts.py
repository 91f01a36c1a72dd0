"""What a checkpoint remembers of its making: data, options, machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import torch

from training.data import LabelledDocument
from training.options import TrainOptions
from training.word_rule import FittedRule
from worker.annotations import AnnotatedFile


def gather_facts(
    options: TrainOptions,
    files: Sequence[AnnotatedFile],
    rule: FittedRule,
    train_documents: Sequence[LabelledDocument],
    dev_documents: Sequence[LabelledDocument],
) -> dict[str, Any]:
    """The content of `nerq.json`, before there are scores."""
    return {
        "word_rule": rule.rule.value,
        "word_rule_agreement": rule.agreement,
        "window": {"max_words": options.max_words, "max_pieces": options.max_pieces},
        "training": options.as_dict(),
        "notes": options.notes.read_text(encoding="utf-8") if options.notes else "",
        "data": {
            "files": [
                {
                    "name": file.path.name,
                    "sha256": hashlib.sha256(file.path.read_bytes()).hexdigest(),
                    "format": file.format,
                    "scheme": file.scheme,
                    "documents": len(file.documents),
                }
                for file in files
            ],
            "train": _count(train_documents),
            "dev": _count(dev_documents),
            "has_text": all(document.has_text for file in files for document in file.documents),
        },
        "machine": {"torch": torch.__version__, "cuda": torch.cuda.is_available()},
    }


def _count(documents: Sequence[LabelledDocument]) -> dict[str, int]:
    return {
        "documents": len(documents),
        "sentences": sum(len(d.sentences) for d in documents),
        "words": sum(len(d.words) for d in documents),
        "entities": sum(len(d.spans) for d in documents),
        "misaligned": sum(d.n_misaligned for d in documents),
    }
