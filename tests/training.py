"""Data, options and an observer for training runs that take a second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.tiny import make_tiny_checkpoint
from training.options import TrainObserver, TrainOptions

SENTENCE = "Jane B-PER\nDoe I-PER\nof O\nAcme B-ORG\nInc. I-ORG\nvisited O\nParis B-LOC\n. O\n\n"
TEXT = "Jane Doe of Acme Inc. visited Paris."


def make_options(folder: Path, n_sentences: int = 40, **changes: Any) -> TrainOptions:
    """A base, data and options; what is made is `folder/model`."""
    (folder / "train.conll").write_text("-DOCSTART- O\n\n" + SENTENCE * n_sentences)
    (folder / "dev.conll").write_text("-DOCSTART- O\n\n" + SENTENCE * 3)
    values = {
        "train": (folder / "train.conll",),
        "dev": folder / "dev.conll",
        "base": str(make_tiny_checkpoint(folder / "base", spread=0.05)),
        "output": folder / "model",
        "epochs": 5,
        "learning_rate": 0.01,
        "batch_pieces": 200,
        "max_words": 30,
        "max_pieces": 40,
        "threads": 1,
        "precision": "fp32",
    }
    return TrainOptions(**{**values, **changes})


def weights(folder: Path) -> bytes:
    """All weights of a checkpoint."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*.safetensors")))


class Watcher(TrainObserver):
    """Remembers what it is told; presses Ctrl-C when `interrupt_after` epochs are kept."""

    def __init__(self, interrupt_after: int | None = None) -> None:
        self._interrupt_after = interrupt_after
        self.facts: dict[str, Any] = {}
        self.steps: list[tuple[int, int]] = []
        self.epochs: list[tuple[int, float, bool]] = []
        self.n_taught = 0
        self.resumed_after: int | None = None
        self.thrown_away: tuple[int, tuple[str, ...]] | None = None

    def prepared(self, facts: dict[str, Any]) -> None:
        self.facts = facts

    def taught(self, n_done: int, n_words: int) -> None:
        assert n_done <= n_words
        self.n_taught = n_done

    def resumed(self, epoch: int) -> None:
        self.resumed_after = epoch

    def began_anew(self, n_epochs: int, differences: Sequence[str]) -> None:
        self.thrown_away = (n_epochs, tuple(differences))

    def stepped(self, step: int, n_steps: int, loss: float | None) -> None:  # noqa: ARG002
        self.steps.append((step, n_steps))

    def scored(self, epoch: int, score: dict[str, float], is_best: bool) -> None:
        self.epochs.append((epoch, score["f1"], is_best))

    def kept(self, epoch: int) -> None:
        if epoch == self._interrupt_after:
            raise KeyboardInterrupt
