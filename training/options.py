"""What a training run is asked to do, and what it tells while it runs. Imports no torch, so that help is quick."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from worker.errors import SettingsError


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """Everything that decides how a checkpoint comes out."""

    train: tuple[Path, ...]  #: annotated files, in any format that `worker.annotations` reads
    dev: Path  #: annotated file; the epoch with the best strict F1 on it is kept
    base: str  #: encoder to start from: a folder, a hub id or a bundled model
    output: Path  #: folder of the new checkpoint
    epochs: int = 8
    learning_rate: float = 2e-4  #: peak, after the warm-up
    warmup: float = 0.1  #: share of all steps in which the learning rate rises linearly; then it falls to 0
    weight_decay: float = 0.01
    batch_pieces: int = 1024  #: subword pieces of one step
    max_words: int = 200  #: words of the longest window; 0: single sentences only
    max_pieces: int = 384  #: pieces of the longest window, special pieces not counted
    seed: int = 1
    threads: int | None = None  #: CPU threads; None leaves torch's own choice
    scheme: str | None = None  #: IOB1, IOB2 or BIOES of CoNLL files; None: recognised and stated
    half_weights: bool = (
        False  #: store the weights in 16 bits: half the size; scores on dev are of what is stored
    )
    notes: Path | None = (
        None  #: Markdown that goes into the model card: licences of the data, limits of the model
    )
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_pieces < 1 or self.max_pieces < 8 or self.max_words < 0:
            raise SettingsError(
                "epochs and batch pieces must be at least 1, window pieces at least 8, words at least 0."
            )
        if not (0 < self.learning_rate < 1 and 0 <= self.warmup < 1):
            raise SettingsError("The learning rate must be in (0, 1), the warm-up in [0, 1).")

    def as_dict(self) -> dict[str, Any]:
        """For the checkpoint's folder: paths as their last part, since a card is no place for a user's folders."""
        values = asdict(self)
        values["train"] = [path.name for path in self.train]
        values["dev"] = self.dev.name
        values["output"] = self.output.name
        values["notes"] = self.notes.name if self.notes else None
        values["base"] = Path(self.base).name if Path(self.base).is_dir() else self.base
        return values


class TrainObserver:
    """Is told of a run's progress; does nothing itself."""

    def prepared(self, facts: dict[str, Any]) -> None:
        """The data is read: schemes, word rule and its agreement, documents, words, spans, misaligned, steps."""

    def stepped(self, step: int, n_steps: int, loss: float | None) -> None:
        """A step is done, the first is 1; `loss` is the mean since the last time it was given."""

    def scored(self, epoch: int, score: dict[str, float], is_best: bool) -> None:
        """An epoch is done, the first is 1; `score` holds precision, recall and f1 in [0, 1] on dev."""
